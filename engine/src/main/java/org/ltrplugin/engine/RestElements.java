package org.ltrplugin.engine;

import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestStatusToXContentListener;
import org.opensearch.rest.action.RestToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Creates, replaces, shows, lists and deletes the elements of one type. */
final class RestElements extends LtrRestHandler {
    private static final int DEFAULT_PAGE = 20;

    private final ElementType type;
    private final ElementStore elements;

    RestElements(ElementType type, ElementStore elements, BooleanSupplier enabled) {
        super(type.key + "_elements", enabled);
        this.type = type;
        this.elements = elements;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>(inEveryStore("/_" + type.key, Method.GET));
        routes.addAll(
                inEveryStore(
                        "/_" + type.key + "/{name}",
                        Method.PUT,
                        Method.POST,
                        Method.GET,
                        Method.HEAD,
                        Method.DELETE));
        return routes;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client)
            throws IOException {
        String name = request.param("name");
        if (name == null) {
            return list(request, index);
        }
        String routing = request.param("routing");
        return switch (request.method()) {
            case PUT, POST -> write(request, index, name, routing, client);
            case GET, HEAD ->
                    channel ->
                            elements.get(
                                    index,
                                    type,
                                    name,
                                    routing,
                                    new RestToXContentListener<>(channel) {
                                        @Override
                                        protected RestStatus getStatus(GetResponse response) {
                                            return response.isExists()
                                                    ? RestStatus.OK
                                                    : RestStatus.NOT_FOUND;
                                        }
                                    });
            case DELETE ->
                    channel ->
                            elements.delete(
                                    index,
                                    type,
                                    name,
                                    routing,
                                    new RestStatusToXContentListener<>(channel));
            default -> throw unexpectedMethod(request);
        };
    }

    private RestChannelConsumer list(RestRequest request, String index) {
        String prefix = request.param("prefix", "");
        int from = request.paramAsInt("from", 0);
        int size = request.paramAsInt("size", DEFAULT_PAGE);
        return channel ->
                elements.list(
                        index,
                        type,
                        prefix,
                        from,
                        size,
                        new RestStatusToXContentListener<>(channel));
    }

    private RestChannelConsumer write(
            RestRequest request, String index, String name, String routing, NodeClient client)
            throws IOException {
        ElementBody body = body(request, parser -> ElementBody.parse(parser, name));
        Element element = body.element();
        if (element.type() != type) {
            throw new IllegalArgumentException(
                    "Expected a [" + type.key + "] but encountered [" + element.type().key + "]");
        }
        boolean create = request.method() == Method.PUT;
        if (type == ElementType.MODEL && create == false) {
            return LtrRestHandler::refuseModelUpdate;
        }
        elements.requireStore(index);
        return channel -> {
            RestStatusToXContentListener<IndexResponse> listener =
                    new RestStatusToXContentListener<>(channel, r -> r.getLocation(routing));
            fork(
                    client,
                    listener,
                    () -> {
                        IndexRequest write =
                                ElementStore.write(index, element, routing)
                                        .opType(create ? OpType.CREATE : OpType.INDEX);
                        ActionListener<Void> passed =
                                ActionListener.wrap(
                                        ok -> elements.put(write, element, listener),
                                        listener::onFailure);
                        new ElementCheck(client).check(element, body.validation(), passed);
                    });
        };
    }
}
