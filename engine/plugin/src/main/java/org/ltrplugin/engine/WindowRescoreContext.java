package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Arrays;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TopDocs;
import org.opensearch.index.query.ParsedQuery;
import org.opensearch.index.shard.SearchOperationListener;
import org.opensearch.search.internal.SearchContext;
import org.opensearch.search.rescore.QueryRescorer;
import org.opensearch.search.rescore.QueryRescorer.QueryRescoreContext;
import org.opensearch.search.rescore.RescoreContext;
import org.opensearch.search.rescore.Rescorer;

/**
 * Rescores with an sltr query that knows its window, so that the query can score the documents in blocks. The node's
 * own {@link QueryRescorer} does the rest; it asks for the score of one document at a time.
 */
final class WindowRescoreContext extends QueryRescoreContext {
    /** Replaces the standard rescore context of each sltr rescore by this one. */
    static final SearchOperationListener LISTENER = new SearchOperationListener() {
        @Override
        public void onPreQueryPhase(SearchContext search) {
            if (search.rescore().stream().anyMatch(WindowRescoreContext::isStandardSltr)) {
                search.rescore()
                        .replaceAll(context -> isStandardSltr(context)
                                ? new WindowRescoreContext((QueryRescoreContext) context)
                                : context);
            }
        }
    };

    private static boolean isStandardSltr(RescoreContext context) {
        return context.rescorer() == QueryRescorer.INSTANCE
                && context instanceof QueryRescoreContext rescore
                && RankerQuery.unwrap(rescore.parsedQuery().query()) != null;
    }

    private WindowRescoreContext(QueryRescoreContext context) {
        super(context.getWindowSize());
        NodeApi.copy(context, this, context.parsedQuery());
    }

    @Override
    public Rescorer rescorer() {
        return RESCORER;
    }

    private static final Rescorer RESCORER = new Rescorer() {
        @Override
        public TopDocs rescore(TopDocs firstPass, IndexSearcher searcher, RescoreContext context) throws IOException {
            QueryRescoreContext rescore = (QueryRescoreContext) context;
            QueryRescoreContext windowed = new QueryRescoreContext(rescore.getWindowSize());
            int[] window = Arrays.stream(firstPass.scoreDocs)
                    .limit(rescore.getWindowSize())
                    .mapToInt(hit -> hit.doc)
                    .sorted()
                    .toArray();
            Query query = withWindow(window, rescore.parsedQuery().query());
            NodeApi.copy(rescore, windowed, new ParsedQuery(query));
            TopDocs rescored = QueryRescorer.INSTANCE.rescore(firstPass, searcher, windowed);
            rescore.setRescoredDocs(windowed.getRescoredDocs());
            return rescored;
        }

        @Override
        public Explanation explain(int doc, IndexSearcher searcher, RescoreContext context, Explanation source)
                throws IOException {
            return QueryRescorer.INSTANCE.explain(doc, searcher, context, source);
        }
    };

    private static Query withWindow(int[] window, Query query) {
        return query instanceof BoostQuery boost
                ? new BoostQuery(withWindow(window, boost.getQuery()), boost.getBoost())
                : ((RankerQuery) query).withWindow(window);
    }
}
