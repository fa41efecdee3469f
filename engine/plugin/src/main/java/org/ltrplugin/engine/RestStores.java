package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.action.admin.indices.create.CreateIndexAction;
import org.opensearch.action.admin.indices.delete.DeleteIndexAction;
import org.opensearch.action.admin.indices.delete.DeleteIndexRequest;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

/** Creates, deletes and lists feature stores. */
final class RestStores extends LtrRestHandler {
    private final StoreClient stores;

    RestStores(StoreClient stores, BooleanSupplier enabled) {
        super("stores", enabled);
        this.stores = stores;
    }

    @Override
    public List<Route> routes() {
        return storeRoutes("", Method.PUT, Method.POST, Method.DELETE, Method.GET);
    }

    @Override
    PermissionAction.Kind permission(RestRequest request) {
        return request.method() == Method.GET ? PermissionAction.Kind.READ : PermissionAction.Kind.WRITE;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException {
        String store = request.param("store");
        request.content(); // a body is allowed and ignored
        return switch (request.method()) {
            case PUT -> {
                StoreIndex.validateNewName(store);
                yield channel -> stores.execute(
                        CreateIndexAction.INSTANCE,
                        StoreIndex.createRequest(index),
                        new RestToXContentListener<>(channel));
            }
            case POST -> {
                StoreIndex.validateNewName(store);
                throw new IllegalArgumentException("Updating a feature store is not supported");
            }
            case DELETE ->
                channel -> stores.execute(
                        DeleteIndexAction.INSTANCE,
                        new DeleteIndexRequest(index),
                        new RestToXContentListener<>(channel));
            case GET ->
                store == null
                        ? channel -> new StoreList(stores).collect(new RestToXContentListener<>(channel))
                        : channel -> channel.sendResponse(existence(stores.exists(index)));
            default -> throw new IllegalArgumentException("unexpected method [" + request.method() + "]");
        };
    }

    private static BytesRestResponse existence(boolean exists) throws IOException {
        XContentBuilder body = XContentFactory.jsonBuilder()
                .startObject()
                .field("exists", exists)
                .endObject();
        return new BytesRestResponse(exists ? RestStatus.OK : RestStatus.NOT_FOUND, body);
    }
}
