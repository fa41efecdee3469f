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
 * Reaches store indices on behalf of the engine itself, not of the caller: these are system indices, and a caller would
 * get a warning header with every answer.
 */
final class StoreClient {
    private final Client client;
    private final ClusterService clusterService;

    StoreClient(Client client, ClusterService clusterService) {
        this.client = client;
        this.clusterService = clusterService;
    }

    <Request extends ActionRequest, Response extends ActionResponse> void execute(
            ActionType<Response> action, Request request, ActionListener<Response> listener) {
        ThreadContext context = threadPool().getThreadContext();
        ActionListener<Response> inCallersContext =
                new ContextPreservingActionListener<>(context.newRestorableContext(false), listener);
        try (ThreadContext.StoredContext ignored = context.stashContext()) {
            client.execute(action, request, inCallersContext);
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
