package org.ltrplugin.engine;

import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Scores documents of one searcher. Segments may be searched by different threads: each scorer has
 * a vector of its own.
 */
final class RankerWeight extends Weight {
    private final List<BoundFeature> features;
    private final List<FeatureWeight> weights;
    private final Ranker ranker;

    RankerWeight(RankerQuery query, List<FeatureWeight> weights, Ranker ranker) {
        super(query);
        this.features = query.features();
        this.weights = weights;
        this.ranker = ranker;
    }

    @Override
    public ScorerSupplier scorerSupplier(LeafReaderContext segment) {
        return new ScorerSupplier() {
            @Override
            public Scorer get(long leadCost) throws IOException {
                return new RankerScorer(
                        new FeatureVector(weights, segment, ranker.missingValue(), leadCost),
                        segment.reader().maxDoc());
            }

            @Override
            public long cost() {
                return segment.reader().maxDoc();
            }
        };
    }

    private final class RankerScorer extends Scorer {
        private final FeatureVector vector;
        private final DocIdSetIterator documents;
        private int scored = -1;
        private float score;

        RankerScorer(FeatureVector vector, int maxDoc) {
            this.vector = vector;
            this.documents = DocIdSetIterator.all(maxDoc);
        }

        @Override
        public float score() throws IOException {
            int doc = documents.docID();
            if (scored != doc) {
                vector.read(doc);
                score = ranker.score(vector.values);
                scored = doc;
            }
            return score;
        }

        @Override
        public int docID() {
            return documents.docID();
        }

        @Override
        public DocIdSetIterator iterator() {
            return documents;
        }

        @Override
        public float getMaxScore(int upTo) {
            return Float.POSITIVE_INFINITY;
        }
    }

    @Override
    public Explanation explain(LeafReaderContext segment, int doc) throws IOException {
        FeatureVector vector = new FeatureVector(weights, segment, ranker.missingValue(), 1);
        vector.read(doc);
        List<Explanation> details = new ArrayList<>(features.size());
        for (int i = 0; i < features.size(); i++) {
            String label = "Feature " + i + "(" + features.get(i).name() + "):";
            if (vector.matched(i)) {
                details.add(
                        Explanation.match(
                                vector.values[i],
                                label,
                                weights.get(i).explain(segment, doc, vector.values[i])));
            } else {
                String missing =
                        String.format(
                                Locale.ROOT,
                                " [no match, default value of %.2f used]",
                                ranker.missingValue());
                details.add(Explanation.noMatch(label + missing));
            }
        }
        return Explanation.match(
                ranker.score(vector.values),
                " LtrModel: " + ranker.name() + " using features:",
                details);
    }

    @Override
    public boolean isCacheable(LeafReaderContext segment) {
        return false; // the score is all there is to it, and the query cache keeps matches only
    }
}
