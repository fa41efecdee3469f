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
    private final StoreClient client;

    RestCaches(StoreClient client, BooleanSupplier enabled) {
        super("caches", enabled);
        this.client = client;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>(storeRoutes("/_clearcache", Method.POST));
        routes.add(new Route(Method.GET, "/_ltr/_cachestats"));
        return routes;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient ignored) {
        if (request.method() == Method.GET) {
            return channel -> client.execute(
                    TransportCachesAction.TYPE, CachesRequest.usage(), new NodesResponseRestListener<>(channel));
        }
        return channel -> {
            RestToXContentListener<AcknowledgedResponse> listener = new RestToXContentListener<>(channel);
            client.execute(
                    TransportCachesAction.TYPE,
                    CachesRequest.clear(index),
                    ElementStore.delegateFailure(
                            listener, cleared -> listener.onResponse(new AcknowledgedResponse(true))));
        };
    }
}
