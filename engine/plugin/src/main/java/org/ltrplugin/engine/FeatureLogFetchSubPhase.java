package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.search.Query;
import org.opensearch.index.query.ParsedQuery;
import org.opensearch.search.fetch.FetchContext;
import org.opensearch.search.fetch.FetchSubPhase;
import org.opensearch.search.fetch.FetchSubPhaseProcessor;
import org.opensearch.search.rescore.QueryRescorer.QueryRescoreContext;
import org.opensearch.search.rescore.RescoreContext;

/** Finds the sltr queries that {@code ext.ltr_log} refers to and logs their features for the fetched hits. */
final class FeatureLogFetchSubPhase implements FetchSubPhase {
    @Override
    @Nullable
    public FetchSubPhaseProcessor getProcessor(FetchContext context) throws IOException {
        if (context.getSearchExt(FeatureLogExtBuilder.NAME) instanceof FeatureLogExtBuilder ext) {
            List<FeatureLog> logs = logs(ext.specs(), context);
            return logs.isEmpty() ? null : new FeatureLogProcessor(logs);
        }
        return null;
    }

    private static List<FeatureLog> logs(List<FeatureLogSpec> specs, FetchContext context) throws IOException {
        ParsedQuery parsed = context.parsedQuery();
        Map<String, Query> named = parsed == null ? Map.of() : parsed.namedFilters();
        List<RescoreContext> rescorers = context.rescore() == null ? List.of() : context.rescore();
        boolean logsNamedQuery = specs.stream().anyMatch(spec -> spec.namedQuery() != null);
        // Inner hits are fetched with the same ext, but without the queries that it refers to.
        if (named.isEmpty() && (logsNamedQuery || rescorers.isEmpty())) {
            return List.of();
        }
        List<FeatureLog> logs = new ArrayList<>();
        for (FeatureLogSpec spec : specs) {
            if (spec.namedQuery() != null) {
                logs.add(FeatureLog.of(spec, namedQuery(spec.namedQuery(), named), context.searcher()));
            }
            if (spec.rescoreIndex() != null) {
                logs.add(FeatureLog.of(spec, rescoreQuery(spec.rescoreIndex(), rescorers), context.searcher()));
            }
        }
        return logs;
    }

    private static RankerQuery namedQuery(String name, Map<String, Query> named) {
        if (named.containsKey(name) == false) {
            throw new IllegalArgumentException("No query named [" + name + "] found");
        }
        RankerQuery query = RankerQuery.unwrap(named.get(name));
        if (query == null) {
            throw new IllegalArgumentException("Query named [" + name + "] must be a [sltr] query");
        }
        return query;
    }

    private static RankerQuery rescoreQuery(int index, List<RescoreContext> rescorers) {
        if (index >= rescorers.size()) {
            throw new IllegalArgumentException("rescore index ["
                    + index
                    + "] is out of bounds, only ["
                    + rescorers.size()
                    + "] rescorer(s) were found");
        }
        RankerQuery query = rescorers.get(index) instanceof QueryRescoreContext rescorer
                ? RankerQuery.unwrap(rescorer.parsedQuery().query())
                : null;
        if (query == null) {
            throw new IllegalArgumentException("Expected a [sltr] query in the rescorer at index [" + index + "]");
        }
        return query;
    }
}
