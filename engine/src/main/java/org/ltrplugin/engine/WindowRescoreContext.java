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
 * A rescore by an sltr query that tells the query its window before it runs, so that it can score the documents in
 * blocks. All else is left to the node's own rescorer, which asks for one document at a time.
 */
final class WindowRescoreContext extends QueryRescoreContext {
    /** Puts this in the place of the usual context of every sltr rescore. */
    static final SearchOperationListener LISTENER = new SearchOperationListener() {
        @Override
        public void onPreQueryPhase(SearchContext search) {
            if (search.rescore().stream().anyMatch(WindowRescoreContext::isPlain)) {
                search.rescore()
                        .replaceAll(context ->
                                isPlain(context) ? new WindowRescoreContext((QueryRescoreContext) context) : context);
            }
        }
    };

    private static boolean isPlain(RescoreContext context) {
        return context.rescorer() == QueryRescorer.INSTANCE
                && context instanceof QueryRescoreContext rescore
                && RankerQuery.unwrap(rescore.parsedQuery().query()) != null;
    }

    private WindowRescoreContext(QueryRescoreContext context) {
        super(context.getWindowSize());
        copy(context, this);
        setParsedQuery(context.parsedQuery());
    }

    private static void copy(QueryRescoreContext from, QueryRescoreContext to) {
        to.setQueryWeight(from.queryWeight());
        to.setRescoreQueryWeight(from.rescoreQueryWeight());
        to.setScoreMode(from.scoreMode());
    }

    @Override
    public Rescorer rescorer() {
        return RESCORER;
    }

    private static final Rescorer RESCORER = new Rescorer() {
        @Override
        public TopDocs rescore(TopDocs found, IndexSearcher searcher, RescoreContext context) throws IOException {
            QueryRescoreContext rescore = (QueryRescoreContext) context;
            QueryRescoreContext informed = new QueryRescoreContext(rescore.getWindowSize());
            copy(rescore, informed);
            int[] window = Arrays.stream(found.scoreDocs)
                    .limit(rescore.getWindowSize())
                    .mapToInt(hit -> hit.doc)
                    .sorted()
                    .toArray();
            informed.setParsedQuery(
                    new ParsedQuery(over(window, rescore.parsedQuery().query())));
            TopDocs rescored = QueryRescorer.INSTANCE.rescore(found, searcher, informed);
            rescore.setRescoredDocs(informed.getRescoredDocs());
            return rescored;
        }

        @Override
        public Explanation explain(int doc, IndexSearcher searcher, RescoreContext context, Explanation source)
                throws IOException {
            return QueryRescorer.INSTANCE.explain(doc, searcher, context, source);
        }
    };

    private static Query over(int[] window, Query query) {
        return query instanceof BoostQuery boost
                ? new BoostQuery(over(window, boost.getQuery()), boost.getBoost())
                : ((RankerQuery) query).over(window);
    }
}
