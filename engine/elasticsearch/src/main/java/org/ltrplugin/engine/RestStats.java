package org.ltrplugin.engine;

import java.util.List;
import org.elasticsearch.rest.RestRequest.Method;

/** The routes of the statistics: those of OpenSearch, and shorter ones. */
final class RestStats extends StatsHandler {
    private static final List<String> PATHS = List.of(
            "/_plugins/_ltr/stats",
            "/_plugins/_ltr/stats/{stat}",
            "/_plugins/_ltr/{nodeId}/stats",
            "/_plugins/_ltr/{nodeId}/stats/{stat}",
            "/_ltr/stats",
            "/_ltr/stats/{stat}");

    RestStats(StoreClient client, HeapBreaker breaker) {
        super(client, breaker);
    }

    @Override
    public List<Route> routes() {
        return PATHS.stream().map(path -> new Route(Method.GET, path)).toList();
    }
}
