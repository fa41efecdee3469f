package org.ltrplugin.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.common.CheckedFunction;
import org.opensearch.common.Nullable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestStatusToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

/** What the calls under {@code /_ltr} have in common. */
abstract class LtrRestHandler extends BaseRestHandler {
    private static final String BASE = "/_ltr";

    private final String name;
    private final BooleanSupplier enabled;

    LtrRestHandler(String name, BooleanSupplier enabled) {
        this.name = name;
        this.enabled = enabled;
    }

    @Override
    public final String getName() {
        return "ltr_" + name;
    }

    @Override
    public final boolean allowSystemIndexAccessByDefault() {
        return true;
    }

    @Override
    protected final RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        if (enabled.getAsBoolean() == false) {
            throw new IllegalStateException("LTR plugin is disabled. To enable, update ltr.plugin.enabled to true");
        }
        return prepare(request, StoreIndex.of(request.param("store")), client);
    }

    /** Reads the request, which names a store of this index; the consumer then answers it. */
    abstract RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException;

    /** A path in the default store and in a named one. */
    static List<Route> inEveryStore(String path, Method... methods) {
        List<Route> routes = new ArrayList<>();
        for (Method method : methods) {
            routes.add(new Route(method, BASE + path));
            routes.add(new Route(method, BASE + "/{store}" + path));
        }
        return routes;
    }

    /** Throws IllegalArgumentException when there is no body. */
    static <T> T body(RestRequest request, CheckedFunction<XContentParser, T, IOException> read) throws IOException {
        if (request.hasContentOrSourceParam() == false) {
            throw new IllegalArgumentException("Missing content or source param");
        }
        try (XContentParser parser = request.contentOrSourceParamParser()) {
            return read.apply(parser);
        }
    }

    /** Answers a write with the place of the document. */
    static ActionListener<IndexResponse> written(RestChannel channel, @Nullable String routing) {
        return new RestStatusToXContentListener<>(channel, response -> response.getLocation(routing));
    }

    /** Answers that models are created once and never replaced. */
    static void refuseModelUpdate(RestChannel channel) {
        IllegalArgumentException reason = new IllegalArgumentException(
                "Element of type [model] are not updatable, please create a new one instead.");
        try {
            channel.sendResponse(new BytesRestResponse(channel, RestStatus.METHOD_NOT_ALLOWED, reason));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
