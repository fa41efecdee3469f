package org.ltrplugin.engine;

import org.opensearch.action.ActionRequest;
import org.opensearch.action.ActionType;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
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
        try (ThreadContext.StoredContext ignored = context.stashContext()) {
            client.execute(action, request, restoringListener);
        }
    }

    boolean exists(String index) {
        return clusterService.state().metadata().hasIndex(index);
    }

    ThreadPool threadPool() {
        return client.threadPool();
    }

    ClusterService clusterService() {
        return clusterService;
    }
}
