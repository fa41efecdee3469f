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

/**
 * The queries and calls of the OpenSearch Learning to Rank plugin that this plugin does not have. They fail with a
 * message that names them and the alternative.
 */
final class Unsupported {
    private Unsupported() {}

    static List<QuerySpec<?>> queries() {
        return List.of(
                query("ltr", "store the model and use an [sltr] query"),
                query("match_explorer", "term statistics are not available"),
                query("term_stat", "term statistics are not available"));
    }

    private static QuerySpec<QueryBuilder> query(String name, String explanation) {
        String reason = "query [" + name + "] is not supported by this engine: " + explanation;
        return new QuerySpec<>(
                name,
                in -> {
                    throw new UnsupportedOperationException(reason);
                },
                parser -> {
                    throw new ParsingException(parser.getTokenLocation(), reason);
                });
    }

    /** The statistics API under {@code /_plugins/_ltr}. */
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
                    + "] is not supported by this engine; use GET /_ltr for the number of elements and"
                    + " GET /_ltr/_cachestats for the caches");
        }
    }
}
