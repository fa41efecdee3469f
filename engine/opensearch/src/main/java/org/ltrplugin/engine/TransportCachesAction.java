package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.action.ActionType;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.nodes.TransportNodesAction;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.inject.Inject;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.TransportService;

/** Clears the caches of each node and returns their usage. Public because the node's injector creates it. */
public final class TransportCachesAction
        extends TransportNodesAction<CachesRequest, CachesResponse, CachesNodeRequest, CachesResponse.NodeResponse> {

    static final ActionType<CachesResponse> TYPE = new ActionType<>("cluster:admin/ltr/caches", CachesResponse::new);

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
                threadPool,
                clusterService,
                transportService,
                filters,
                CachesRequest::new,
                CachesNodeRequest::new,
                ThreadPool.Names.MANAGEMENT,
                CachesResponse.NodeResponse.class);
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
    protected CachesResponse.NodeResponse newNodeResponse(StreamInput in) throws IOException {
        return new CachesResponse.NodeResponse(in);
    }

    @Override
    protected CachesResponse.NodeResponse nodeOperation(CachesNodeRequest request) {
        request.target().clearFrom(cache);
        return new CachesResponse.NodeResponse(clusterService.localNode(), cache.usage(), cache.stats());
    }
}
