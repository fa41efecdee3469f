package org.ltrplugin.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.common.CheckedFunction;
import org.opensearch.common.lease.Releasable;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestActionListener;
import org.opensearch.transport.client.node.NodeClient;

/** Base class of the REST handlers under {@code /_ltr}. */
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
        PermissionAction.Kind permission = permission(request);
        RestChannelConsumer prepared = prepare(request, StoreIndex.indexName(request.param("store")), client);
        return permission == null ? prepared : withPermission(permission, client, prepared);
    }

    /** Runs the consumer if the caller has the permission, otherwise responds with the reason. */
    static RestChannelConsumer withPermission(
            PermissionAction.Kind permission, NodeClient client, RestChannelConsumer next) {
        return channel -> permission.require(
                client,
                new RestActionListener<>(channel) {
                    @Override
                    protected void processResponse(Object ignored) {
                        throw new IllegalStateException("only failures are passed on");
                    }
                },
                () -> next.accept(channel));
    }

    /** The permission that a request needs. Null when its own action checks it. */
    @Nullable
    abstract PermissionAction.Kind permission(RestRequest request);

    /** Parses a request to the store with this index. The consumer that it returns sends the response. */
    abstract RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException;

    /** The routes of a path in the default store and in a named store. */
    static List<Route> storeRoutes(String path, Method... methods) {
        List<Route> routes = new ArrayList<>();
        for (Method method : methods) {
            routes.add(new Route(method, BASE + path));
            routes.add(new Route(method, BASE + "/{store}" + path));
        }
        return routes;
    }

    /**
     * Parses the body. Throws IllegalArgumentException when there is none, and CircuitBreakingException when the node
     * lacks the memory.
     */
    @SuppressWarnings("try") // the reservation is only closed
    static <T> T parseBody(
            RestRequest request, CompilerThread compiler, CheckedFunction<XContentParser, T, IOException> parse)
            throws IOException {
        if (request.hasContentOrSourceParam() == false) {
            throw new IllegalArgumentException("Missing content or source param");
        }
        try (Releasable reserved = compiler.reserveParsing(
                        "body of " + request.path(), request.content().length());
                XContentParser parser = request.contentOrSourceParamParser()) {
            return parse.apply(parser);
        }
    }

    /** Responds that a model cannot be updated. */
    static void rejectModelUpdate(RestChannel channel) {
        IllegalArgumentException reason = new IllegalArgumentException(
                "Element of type [model] are not updatable, please create a new one instead.");
        try {
            channel.sendResponse(new BytesRestResponse(channel, RestStatus.METHOD_NOT_ALLOWED, reason));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
