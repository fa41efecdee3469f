package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.transport.client.node.NodeClient;

/** Creates, replaces, returns, lists and deletes the elements of one type. */
final class RestElements extends LtrRestHandler {
    private static final int DEFAULT_SIZE = 20;

    private final ElementType type;
    private final ElementStore elements;
    private final CompilerThread compiler;

    RestElements(ElementType type, ElementStore elements, CompilerThread compiler, BooleanSupplier enabled) {
        super(type.key + "_elements", enabled);
        this.type = type;
        this.elements = elements;
        this.compiler = compiler;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>(storeRoutes("/_" + type.key, Method.GET));
        routes.addAll(storeRoutes(
                "/_" + type.key + "/{name}", Method.PUT, Method.POST, Method.GET, Method.HEAD, Method.DELETE));
        return routes;
    }

    @Override
    PermissionAction.Kind permission(RestRequest request) {
        return switch (request.method()) {
            case GET, HEAD -> PermissionAction.Kind.READ;
            default -> PermissionAction.Kind.WRITE;
        };
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException {
        if (request.hasParam("name") == false) {
            return list(request, index);
        }
        ElementKey key = new ElementKey(index, type, request.param("name"));
        String routing = request.param("routing");
        return switch (request.method()) {
            case PUT, POST -> write(request, key, routing, client);
            case DELETE -> channel -> elements.delete(key, routing, RestListeners.deleted(channel));
            default -> channel -> elements.get(key, routing, RestListeners.document(channel));
        };
    }

    private RestChannelConsumer list(RestRequest request, String index) {
        String prefix = request.param("prefix", "");
        int from = request.paramAsInt("from", 0);
        int size = request.paramAsInt("size", DEFAULT_SIZE);
        return channel -> elements.list(index, type, prefix, from, size, RestListeners.found(channel));
    }

    private RestChannelConsumer write(RestRequest request, ElementKey key, String routing, NodeClient client)
            throws IOException {
        ElementBody body = parseBody(request, compiler, parser -> ElementBody.parse(parser, key.name()));
        Element element = body.element();
        if (element.type() != type) {
            throw new IllegalArgumentException(
                    "Expected a [" + type.key + "] but encountered [" + element.type().key + "]");
        }
        OpType opType = request.method() == Method.PUT ? OpType.CREATE : OpType.INDEX;
        if (type == ElementType.MODEL && opType == OpType.INDEX) {
            return LtrRestHandler::rejectModelUpdate;
        }
        return channel -> {
            elements.requireWritable(key.index());
            ActionListener<IndexResponse> listener = RestListeners.written(channel, routing);
            new ElementValidator(client, compiler).validate(element, body.validation(), listener, () -> {
                IndexRequest indexRequest =
                        ElementStore.indexRequest(key.index(), element, routing).opType(opType);
                elements.put(indexRequest, element, listener);
            });
        };
    }
}
