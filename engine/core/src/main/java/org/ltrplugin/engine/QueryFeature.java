package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;

/** A feature whose value is the score of a query for the documents that the query matches. */
record QueryFeature(String name, Query query) implements BoundFeature {
    @Override
    public BoundFeature rewrite(IndexSearcher searcher) throws IOException {
        Query rewritten = query.rewrite(searcher);
        return rewritten == query ? this : new QueryFeature(name, rewritten);
    }

    @Override
    public FeatureWeight createWeight(IndexSearcher searcher, float boost) throws IOException {
        return new QueryFeatureWeight(searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE, boost));
    }

    @Override
    public void visit(QueryVisitor visitor) {
        query.visit(visitor);
    }

    private record QueryFeatureWeight(Weight weight) implements FeatureWeight {
        @Override
        public FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) throws IOException {
            ScorerSupplier supplier = weight.scorerSupplier(segment);
            return supplier == null ? FeatureReader.NO_MATCH : new ScorerReader(supplier.get(leadCost));
        }

        @Override
        public Explanation explain(LeafReaderContext segment, int doc, float value) throws IOException {
            return weight.explain(segment, doc);
        }
    }

    private static final class ScorerReader implements FeatureReader {
        private final Scorer scorer;
        private final DocIdSetIterator iterator;

        ScorerReader(Scorer scorer) {
            this.scorer = scorer;
            this.iterator = scorer.iterator();
        }

        @Override
        public boolean advanceExact(int doc) throws IOException {
            int current = iterator.docID();
            return (current < doc ? iterator.advance(doc) : current) == doc;
        }

        @Override
        public float value() throws IOException {
            return scorer.score();
        }
    }
}
