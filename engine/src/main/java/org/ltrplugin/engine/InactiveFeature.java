package org.ltrplugin.engine;

import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.QueryVisitor;

/** A feature that the request switched off: it keeps its ordinal and matches nothing. */
record InactiveFeature(String name) implements BoundFeature, FeatureWeight {
    @Override
    public BoundFeature rewrite(IndexSearcher searcher) {
        return this;
    }

    @Override
    public FeatureWeight createWeight(IndexSearcher searcher, float boost) {
        return this;
    }

    @Override
    public void visit(QueryVisitor visitor) {}

    @Override
    public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) {
        return FeatureReader.NEVER;
    }

    @Override
    public Explanation explain(LeafReaderContext segment, int doc, float value) {
        return Explanation.noMatch("inactive");
    }
}
