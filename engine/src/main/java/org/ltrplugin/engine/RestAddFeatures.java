package org.ltrplugin.engine;

import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.ParseField;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.action.RestStatusToXContentListener;
import org.opensearch.transport.client.node.NodeClient;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Adds features to a set: those in the body, or stored ones by name or prefix. */
final class RestAddFeatures extends LtrRestHandler {
    private static final int MAX_FOUND = 10_000;

    private final ElementStore elements;

    RestAddFeatures(ElementStore elements, BooleanSupplier enabled) {
        super("add_features", enabled);
        this.elements = elements;
    }

    @Override
    public List<Route> routes() {
        List<Route> routes =
                new ArrayList<>(inEveryStore("/_featureset/{name}/_addfeatures", Method.POST));
        routes.addAll(inEveryStore("/_featureset/{name}/_addfeatures/{query}", Method.POST));
        return routes;
    }

    private static final class Body {
        private List<Feature> features;
        private Validation validation;
    }

    private static final ObjectParser<Body, Void> PARSER =
            new ObjectParser<>("add_features", Body::new);

    static {
        PARSER.declareObjectArray(
                (body, value) -> body.features = value,
                (p, ignored) -> Feature.parse(p, null),
                new ParseField("features"));
        PARSER.declareObject(
                (body, value) -> body.validation = value,
                (p, ignored) -> Validation.parse(p),
                new ParseField("validation"));
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client)
            throws IOException {
        String name = request.param("name");
        String query = request.param("query");
        boolean merge = request.paramAsBoolean("merge", false);
        String routing = request.param("routing");
        Body body =
                request.hasContentOrSourceParam()
                        ? body(request, parser -> PARSER.parse(parser, null))
                        : new Body();
        if ((query == null) == (body.features == null)
                || (body.features != null && body.features.isEmpty())) {
            throw new IllegalArgumentException(
                    "features must be given either in the path, as a query, or in the body, as a"
                            + " list that is not empty");
        }
        elements.requireStore(index);
        return channel -> {
            ActionListener<IndexResponse> listener =
                    new RestStatusToXContentListener<>(channel, r -> r.getLocation(routing));
            FeatureAddition addition =
                    new FeatureAddition(
                            elements,
                            new ElementCheck(client),
                            index,
                            name,
                            merge,
                            routing,
                            body.validation);
            fork(
                    client,
                    listener,
                    () -> {
                        if (query == null) {
                            addition.run(body.features, listener);
                        } else {
                            elements.findFeatures(
                                    index,
                                    query,
                                    MAX_FOUND,
                                    ActionListener.wrap(
                                            found -> addition.run(required(found, query), listener),
                                            listener::onFailure));
                        }
                    });
        };
    }

    private static List<Feature> required(List<Feature> found, String query) {
        if (found.isEmpty()) {
            throw new IllegalArgumentException(
                    "The feature query [" + query + "] returned no features");
        }
        return found;
    }
}
