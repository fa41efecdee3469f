package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import org.opensearch.core.common.ParsingException;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.plugins.SearchPlugin.QuerySpec;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.transport.client.node.NodeClient;

/** What the original has and this engine does not: it is refused by name, rather than as something unheard of. */
final class Unsupported {
    private Unsupported() {}

    static List<QuerySpec<?>> queries() {
        return List.of(
                query("ltr", "store the model and use [sltr]"),
                query("match_explorer", "it is for the statistics of terms"),
                query("term_stat", "it is for the statistics of terms"));
    }

    private static QuerySpec<QueryBuilder> query(String name, String hint) {
        String reason = "query [" + name + "] is not supported by this engine: " + hint;
        return new QuerySpec<>(
                name,
                in -> {
                    throw new UnsupportedOperationException(reason);
                },
                parser -> {
                    throw new ParsingException(parser.getTokenLocation(), reason);
                });
    }

    /** The legacy call for statistics. */
    static final class RestStats extends BaseRestHandler {
        @Override
        public String getName() {
            return "ltr_stats";
        }

        @Override
        public List<Route> routes() {
            List<Route> routes = new ArrayList<>();
            for (String base : List.of("/_plugins/_ltr", "/_opendistro/_ltr")) {
                for (String path : List.of("/stats", "/stats/{stat}", "/{nodeId}/stats", "/{nodeId}/stats/{stat}")) {
                    routes.add(new Route(Method.GET, base + path));
                }
            }
            return routes;
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            throw new IllegalArgumentException("[" + request.path()
                    + "] is not supported by this engine; GET /_ltr counts elements and GET /_ltr/_cachestats what is"
                    + " cached");
        }
    }
}
