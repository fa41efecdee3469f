package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.transport.client.node.NodeClient;

/** Adds features to a set: the features in the body, or stored features by name or prefix. */
final class RestAddFeatures extends LtrRestHandler {
    private static final String PATH = "/_featureset/{name}/_addfeatures";
    private static final int MAX_STORED_FEATURES = 10_000;

    private final ElementStore elements;
    private final CompilerThread compiler;

    RestAddFeatures(ElementStore elements, CompilerThread compiler, BooleanSupplier enabled) {
        super("add_features", enabled);
        this.elements = elements;
        this.compiler = compiler;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>(storeRoutes(PATH, Method.POST));
        routes.addAll(storeRoutes(PATH + "/{query}", Method.POST));
        return routes;
    }

    private static final class Body {
        private List<Feature> features;
        private Validation validation;
    }

    private static final ObjectParser<Body, Void> PARSER = new ObjectParser<>("add_features", Body::new);

    static {
        FeatureSet.declareFeatures(PARSER, (body, value) -> body.features = value);
        Validation.declare(PARSER, (body, value) -> body.validation = value);
    }

    @Override
    PermissionAction.Kind permission(RestRequest request) {
        return PermissionAction.Kind.ADD_FEATURES;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException {
        ElementKey set = new ElementKey(index, ElementType.FEATURESET, request.param("name"));
        String query = request.param("query");
        boolean merge = request.paramAsBoolean("merge", false);
        String routing = request.param("routing");
        Body body = request.hasContentOrSourceParam()
                ? parseBody(request, compiler, parser -> PARSER.parse(parser, null))
                : new Body();
        boolean inBody = body.features != null;
        if (inBody == (query != null) || (inBody && body.features.isEmpty())) {
            throw new IllegalArgumentException(
                    "features must be either in the path, as a feature query, or in the body, as a list that is not"
                            + " empty");
        }
        FeatureSetUpdate update = new FeatureSetUpdate(
                elements, new ElementValidator(client, compiler), set, merge, routing, body.validation);
        return channel -> {
            elements.requireWritable(index);
            ActionListener<IndexResponse> listener = RestListeners.written(channel, routing);
            if (inBody) {
                update.run(body.features, listener);
                return;
            }
            elements.findFeatures(index, query, MAX_STORED_FEATURES, ElementStore.delegateFailure(listener, stored -> {
                if (stored.isEmpty()) {
                    throw new IllegalArgumentException("The feature query [" + query + "] returned no features");
                }
                update.run(stored, listener);
            }));
        };
    }
}
