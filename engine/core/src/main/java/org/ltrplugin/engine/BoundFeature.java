package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.QueryVisitor;

/**
 * A feature with the params of a request. Two bound features are equal only when they give each document the same
 * value.
 */
interface BoundFeature {
    String name();

    default BoundFeature rewrite(IndexSearcher searcher) throws IOException {
        return this;
    }

    FeatureWeight createWeight(IndexSearcher searcher, float boost) throws IOException;

    /** Reports the terms of the feature, whose statistics dfs_query_then_fetch collects. */
    default void visit(QueryVisitor visitor) {}

    /** A feature that does not depend on the searcher, and so is its own weight. */
    interface SearcherIndependent extends BoundFeature, FeatureWeight {
        @Override
        default FeatureWeight createWeight(IndexSearcher searcher, float boost) {
            return this;
        }
    }

    /**
     * A feature that is not among the {@code active_features} of the request. It keeps its ordinal and matches nothing.
     */
    record Inactive(String name) implements SearcherIndependent {
        @Override
        public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
            return FeatureReader.NO_MATCH;
        }

        @Override
        public Explanation explain(LeafReaderContext segment, int doc, float value) {
            return Explanation.noMatch("inactive");
        }
    }
}
