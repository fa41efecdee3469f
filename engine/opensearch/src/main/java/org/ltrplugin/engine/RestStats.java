package org.ltrplugin.engine;

import java.util.List;
import org.opensearch.rest.RestRequest.Method;

/** The routes of the statistics. */
final class RestStats extends StatsHandler {
    private static final List<String> PATHS =
            List.of("/stats", "/stats/{stat}", "/{nodeId}/stats", "/{nodeId}/stats/{stat}");

    RestStats(StoreClient client, HeapBreaker breaker) {
        super(client, breaker);
    }

    @Override
    public List<ReplacedRoute> replacedRoutes() {
        return PATHS.stream()
                .map(path ->
                        new ReplacedRoute(Method.GET, "/_plugins/_ltr" + path, Method.GET, "/_opendistro/_ltr" + path))
                .toList();
    }
}
