package org.ltrplugin.engine;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.index.query.QueryShardException;

/**
 * What all sltr queries of one search have bound on one shard, those inside features included. Nested queries multiply:
 * a few levels of sets that are each within the limits can have more features than fit into memory. The methods throw
 * QueryShardException, which is status 400, when the search exceeds a limit. One thread binds the queries of a search.
 */
final class SearchBudget {
    private static final Map<QueryShardContext, SearchBudget> BUDGETS =
            Collections.synchronizedMap(new WeakHashMap<>());

    private int depth;
    private long features;
    private long chars;

    private SearchBudget() {}

    static SearchBudget of(QueryShardContext shard) {
        return BUDGETS.computeIfAbsent(shard, key -> new SearchBudget());
    }

    /** Begins a query, which may be inside a feature of another one. {@link #endQuery} must follow. */
    void beginQuery(QueryShardContext shard) {
        if (depth >= Limits.MAX_QUERY_DEPTH) {
            throw new QueryShardException(
                    shard,
                    "[" + SltrQueryBuilder.NAME + "] queries have more than " + Limits.MAX_QUERY_DEPTH
                            + " levels of nesting in features");
        }
        depth++;
    }

    void endQuery() {
        depth--;
    }

    void addFeatures(QueryShardContext shard, int count) {
        features += count;
        if (features > Limits.MAX_FEATURES) {
            throw new QueryShardException(
                    shard,
                    "the [" + SltrQueryBuilder.NAME + "] queries of this search have more than " + Limits.MAX_FEATURES
                            + " features in total, those nested in features included");
        }
    }

    /** Adds the text of a feature: a rendered template, or an expression. */
    void addChars(QueryShardContext shard, int count) {
        chars += count;
        if (chars > Limits.MAX_RENDERED_CHARS) {
            throw new QueryShardException(
                    shard,
                    "the features of this search render to more than " + Limits.MAX_RENDERED_CHARS
                            + " characters in total");
        }
    }
}
