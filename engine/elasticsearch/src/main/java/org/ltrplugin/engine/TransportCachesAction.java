package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.FailedNodeException;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.nodes.TransportNodesAction;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/** Clears the caches of each node and returns their usage. Public because the node's injector creates it. */
public final class TransportCachesAction
        extends TransportNodesAction<
                CachesRequest, CachesResponse, CachesNodeRequest, CachesResponse.NodeResponse, Void> {

    static final ActionType<CachesResponse> TYPE = new ActionType<>("cluster:admin/ltr/caches");

    private final ModelCache cache;

    @Inject
    public TransportCachesAction(
            ThreadPool threadPool,
            ClusterService clusterService,
            TransportService transportService,
            ActionFilters filters,
            ModelCache cache) {
        super(
                TYPE.name(),
                clusterService,
                transportService,
                filters,
                CachesNodeRequest::new,
                threadPool.executor(ThreadPool.Names.MANAGEMENT));
        this.cache = cache;
    }

    @Override
    protected CachesResponse newResponse(
            CachesRequest request, List<CachesResponse.NodeResponse> nodes, List<FailedNodeException> failures) {
        return new CachesResponse(clusterService.getClusterName(), nodes, failures);
    }

    @Override
    protected CachesNodeRequest newNodeRequest(CachesRequest request) {
        return new CachesNodeRequest(request.target());
    }

    @Override
    protected CachesResponse.NodeResponse newNodeResponse(StreamInput in, DiscoveryNode node) throws IOException {
        return new CachesResponse.NodeResponse(in);
    }

    @Override
    protected CachesResponse.NodeResponse nodeOperation(CachesNodeRequest request, Task task) {
        request.target().clearFrom(cache);
        return new CachesResponse.NodeResponse(clusterService.localNode(), cache.usage(), cache.stats());
    }
}
