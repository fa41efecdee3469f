package org.ltrplugin.engine;

import org.opensearch.OpenSearchStatusException;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.ActionType;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.index.IndexNotFoundException;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;

/**
 * Accesses store indices as the plugin, not as the caller. Store indices are system indices, and each response to a
 * caller's own access would have a warning header.
 */
final class StoreClient {
    private final Client client;
    private final ClusterService clusterService;

    StoreClient(Client client, ClusterService clusterService) {
        this.client = client;
        this.clusterService = clusterService;
    }

    @SuppressWarnings("try") // the stored context is only closed
    <Request extends ActionRequest, Response extends ActionResponse> void execute(
            ActionType<Response> action, Request request, ActionListener<Response> listener) {
        ThreadContext context = threadPool().getThreadContext();
        ActionListener<Response> restoringListener =
                new ContextPreservingActionListener<>(context.newRestorableContext(false), listener);
        try (ThreadContext.StoredContext ignored = NodeApi.actAsPlugin(context)) {
            client.execute(action, request, restoringListener);
        }
    }

    boolean exists(String index) {
        return clusterService.state().metadata().hasIndex(index);
    }

    /** Throws an exception that says what to do when the index of a store does not exist or is closed. */
    void requireOpen(String index) {
        String advice = " the index [" + index + "], and search without [" + SltrQueryBuilder.NAME + "] until then";
        IndexMetadata metadata = clusterService.state().metadata().index(index);
        if (metadata == null) {
            throw new IndexNotFoundException("the feature store does not exist: create or restore" + advice, index);
        }
        if (metadata.getState() == IndexMetadata.State.CLOSE) {
            throw new OpenSearchStatusException("the feature store is closed: open" + advice, RestStatus.BAD_REQUEST);
        }
    }

    ThreadPool threadPool() {
        return client.threadPool();
    }

    ClusterService clusterService() {
        return clusterService;
    }
}
