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
import org.elasticsearch.index.VersionType;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchResponse;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.ReindexAction;
import org.elasticsearch.index.reindex.ReindexRequest;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.script.CtxMap;
import org.elasticsearch.script.ReindexMetadata;
import org.elasticsearch.script.ReindexScript;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.search.fetch.subphase.FetchSourceContext;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.XContentType;

/** Copies documents of this cluster to another index, as a script changes them. */
public final class TransportReindexAction extends HandledTransportAction<ReindexRequest, BulkByPaginatedSearchResponse> {
    private final ScriptService scripts;
    private final Client client;
    private final ClusterService cluster;
    private final ThreadPool threads;

    @Inject
    public TransportReindexAction(
        TransportService transport,
        ActionFilters filters,
        ScriptService scripts,
        Client client,
        ClusterService cluster,
        ThreadPool threads
    ) {
        super(ReindexAction.NAME, transport, filters, ReindexRequest::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.scripts = scripts;
        this.client = client;
        this.cluster = cluster;
        this.threads = threads;
    }

    @Override
    protected void doExecute(Task task, ReindexRequest request, ActionListener<BulkByPaginatedSearchResponse> listener) {
        if (request.getRemoteInfo() != null) {
            listener.onFailure(new IllegalArgumentException("this test node does not copy from other clusters"));
            return;
        }
        var source = request.getSearchRequest().source();
        FetchSourceContext wanted = source.fetchSource();
        source.fetchSource(wanted == null
            ? FetchSourceContext.FETCH_ALL_SOURCE
            : FetchSourceContext.of(true, false, wanted.includes(), wanted.excludes()));
        Client child = new ParentTaskAssigningClient(client, cluster.localNode(), task);
        new BulkRun(request, (BulkByPaginatedSearchTask) task, child, threads, hit -> write(request, hit), listener).start();
    }

    private DocWriteRequest<?> write(ReindexRequest request, Hit hit) {
        IndexRequest to = request.getDestination();
        IndexRequest index = new IndexRequest(to.index()).id(hit.id()).opType(to.opType()).versionType(to.versionType());
        boolean versioned = to.versionType() != VersionType.INTERNAL;
        index.version(versioned ? hit.version() : to.version());
        index.routing(routing(to.routing(), hit));
        index.setRequireAlias(to.isRequireAlias());
        if (to.getPipeline() != null) {
            index.setPipeline(to.getPipeline());
        }
        Script script = request.getScript();
        if (script == null) {
            return index.source(hit.source(), XContentType.JSON);
        }
        ReindexMetadata metadata = new ReindexMetadata(
            to.index(), hit.id(), versioned ? hit.version() : null, index.routing(), "index", threads.absoluteTimeInMillis()
        );
        CtxMap<ReindexMetadata> context = new CtxMap<>(hit.sourceAsMap(), metadata);
        scripts.compile(script, ReindexScript.CONTEXT).newInstance(script.getParams(), context).execute();
        return switch (metadata.getOp()) {
            case "noop" -> null;
            case "delete" -> new DeleteRequest(metadata.getIndex(), metadata.getId()).routing(metadata.getRouting());
            default -> index.index(metadata.getIndex()).id(metadata.getId()).routing(metadata.getRouting())
                .source(context.getSource());
        };
    }

    /** {@code keep}, {@code discard} or {@code =VALUE}. */
    private static String routing(String rule, Hit hit) {
        if (rule == null || rule.equals("keep")) {
            return hit.routing();
        }
        return rule.startsWith("=") ? rule.substring(1) : null;
    }
}
