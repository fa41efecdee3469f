package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.QueryVisitor;

/** A feature whose params are known. Equal to another when both give every document the same value. */
interface BoundFeature {
    String name();

    default BoundFeature rewrite(IndexSearcher searcher) throws IOException {
        return this;
    }

    FeatureWeight createWeight(IndexSearcher searcher, float boost) throws IOException;

    /** Shows a visitor the terms whose statistics the feature needs. */
    default void visit(QueryVisitor visitor) {}

    /** A feature that needs nothing of a searcher. */
    interface Plain extends BoundFeature, FeatureWeight {
        @Override
        default FeatureWeight createWeight(IndexSearcher searcher, float boost) {
            return this;
        }
    }

    /** A feature that the request switched off: it keeps its ordinal and matches nothing. */
    record Inactive(String name) implements Plain {
        @Override
        public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
            return FeatureReader.NEVER;
        }

        @Override
        public Explanation explain(LeafReaderContext segment, int doc, float value) {
            return Explanation.noMatch("inactive");
        }
    }
}
