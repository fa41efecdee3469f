package org.ltrplugin.testnode.reindex;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.client.internal.ParentTaskAssigningClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchResponse;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.index.reindex.DeleteByQueryRequest;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.search.fetch.subphase.FetchSourceContext;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/** Deletes the documents that a search finds. */
public final class TransportDeleteByQueryAction
    extends HandledTransportAction<DeleteByQueryRequest, BulkByPaginatedSearchResponse> {
    private final Client client;
    private final ClusterService cluster;
    private final ThreadPool threads;

    @Inject
    public TransportDeleteByQueryAction(
        TransportService transport,
        ActionFilters filters,
        Client client,
        ClusterService cluster,
        ThreadPool threads
    ) {
        super(DeleteByQueryAction.NAME, transport, filters, DeleteByQueryRequest::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.client = client;
        this.cluster = cluster;
        this.threads = threads;
    }

    @Override
    protected void doExecute(Task task, DeleteByQueryRequest request, ActionListener<BulkByPaginatedSearchResponse> listener) {
        request.getSearchRequest().source().fetchSource(FetchSourceContext.DO_NOT_FETCH_SOURCE);
        Client child = new ParentTaskAssigningClient(client, cluster.localNode(), task);
        new BulkRun(request, (BulkByPaginatedSearchTask) task, child, threads, hit -> new DeleteRequest(hit.index(), hit.id())
            .routing(hit.routing()).setIfSeqNo(hit.seqNo()).setIfPrimaryTerm(hit.primaryTerm()), listener).start();
    }
}
