package org.ltrplugin.testnode.reindex;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.DocWriteRequest;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.index.IndexRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.client.internal.ParentTaskAssigningClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchResponse;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.UpdateByQueryAction;
import org.elasticsearch.index.reindex.UpdateByQueryRequest;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.script.CtxMap;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.UpdateByQueryMetadata;
import org.elasticsearch.script.UpdateByQueryScript;
import org.elasticsearch.search.fetch.subphase.FetchSourceContext;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.XContentType;

/** Writes documents again, as a script changes them. */
public final class TransportUpdateByQueryAction
    extends HandledTransportAction<UpdateByQueryRequest, BulkByPaginatedSearchResponse> {
    private final ScriptService scripts;
    private final Client client;
    private final ClusterService cluster;
    private final ThreadPool threads;

    @Inject
    public TransportUpdateByQueryAction(
        TransportService transport,
        ActionFilters filters,
        ScriptService scripts,
        Client client,
        ClusterService cluster,
        ThreadPool threads
    ) {
        super(UpdateByQueryAction.NAME, transport, filters, UpdateByQueryRequest::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.scripts = scripts;
        this.client = client;
        this.cluster = cluster;
        this.threads = threads;
    }

    @Override
    protected void doExecute(Task task, UpdateByQueryRequest request, ActionListener<BulkByPaginatedSearchResponse> listener) {
        request.getSearchRequest().source().fetchSource(FetchSourceContext.FETCH_ALL_SOURCE);
        Client child = new ParentTaskAssigningClient(client, cluster.localNode(), task);
        new BulkRun(request, (BulkByPaginatedSearchTask) task, child, threads, hit -> write(request, hit), listener).start();
    }

    private DocWriteRequest<?> write(UpdateByQueryRequest request, Hit hit) {
        IndexRequest index = new IndexRequest(hit.index()).id(hit.id()).routing(hit.routing());
        index.setIfSeqNo(hit.seqNo()).setIfPrimaryTerm(hit.primaryTerm());
        if (request.getPipeline() != null) {
            index.setPipeline(request.getPipeline());
        }
        Script script = request.getScript();
        if (script == null) {
            return index.source(hit.source(), XContentType.JSON);
        }
        UpdateByQueryMetadata metadata = new UpdateByQueryMetadata(
            hit.index(), hit.id(), hit.version(), hit.routing(), "index", threads.absoluteTimeInMillis()
        );
        CtxMap<UpdateByQueryMetadata> context = new CtxMap<>(hit.sourceAsMap(), metadata);
        scripts.compile(script, UpdateByQueryScript.CONTEXT).newInstance(script.getParams(), context).execute();
        return switch (metadata.getOp()) {
            case "noop" -> null;
            case "delete" -> new DeleteRequest(hit.index(), hit.id()).routing(hit.routing())
                .setIfSeqNo(hit.seqNo()).setIfPrimaryTerm(hit.primaryTerm());
            default -> index.source(context.getSource());
        };
    }
}
