package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.action.support.clustermanager.AcknowledgedResponse;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestActions.NodesResponseRestListener;
import org.opensearch.rest.action.RestToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

/** Clears a store from the caches, and returns the usage of the caches. */
final class RestCaches extends LtrRestHandler {
    private final StoreClient stores;

    RestCaches(StoreClient stores, BooleanSupplier enabled) {
        super("caches", enabled);
        this.stores = stores;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>(storeRoutes("/_clearcache", Method.POST));
        routes.add(new Route(Method.GET, "/_ltr/_cachestats"));
        return routes;
    }

    /** {@link TransportCachesAction}, which clears the caches, runs as the caller. */
    @Override
    @Nullable
    PermissionAction.Kind permission(RestRequest request) {
        return request.method() == Method.GET ? PermissionAction.Kind.CACHE_STATS : null;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) {
        if (request.method() == Method.GET) {
            return channel -> stores.execute(
                    TransportCachesAction.TYPE,
                    new CachesRequest(CacheTarget.NOTHING),
                    new NodesResponseRestListener<>(channel));
        }
        return channel -> {
            RestToXContentListener<AcknowledgedResponse> listener = new RestToXContentListener<>(channel);
            client.execute(
                    TransportCachesAction.TYPE,
                    new CachesRequest(CacheTarget.store(index)),
                    ElementStore.delegateFailure(
                            listener, cleared -> listener.onResponse(new AcknowledgedResponse(true))));
        };
    }
}
