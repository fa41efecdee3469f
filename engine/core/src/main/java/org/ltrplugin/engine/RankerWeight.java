package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;

/** The {@link Weight} of a {@link RankerQuery}: scores documents and explains their scores. */
final class RankerWeight extends Weight {
    private final RankerQuery query;
    private final List<FeatureWeight> weights;
    private final Ranker ranker;

    RankerWeight(RankerQuery query, List<FeatureWeight> weights) {
        super(query);
        this.query = query;
        this.weights = weights;
        this.ranker = query.ranker();
    }

    private FeatureVector vector(LeafReaderContext segment, long leadCost) throws IOException {
        return new FeatureVector(weights, segment, ranker.missingValue(), leadCost);
    }

    /** Different threads may search different segments, so each scorer has its own vector. */
    @Override
    public ScorerSupplier scorerSupplier(LeafReaderContext segment) {
        return new ScorerSupplier() {
            @Override
            public Scorer get(long leadCost) throws IOException {
                return new RankerScorer(ranker, vector(segment, leadCost), segment, query.window());
            }

            @Override
            public long cost() {
                return segment.reader().maxDoc();
            }
        };
    }

    @Override
    public Explanation explain(LeafReaderContext segment, int doc) throws IOException {
        FeatureVector vector = vector(segment, 1);
        vector.advance(doc);
        List<Explanation> details = new ArrayList<>(weights.size());
        for (int i = 0; i < weights.size(); i++) {
            String label = "Feature " + i + "(" + query.features().get(i).name() + "):";
            float value = vector.values[i];
            details.add(
                    vector.matched(i)
                            ? Explanation.match(value, label, weights.get(i).explain(segment, doc, value))
                            : Explanation.noMatch(label + " [no match, default value of "
                                    + String.format(Locale.ROOT, "%.2f", ranker.missingValue()) + " used]"));
        }
        String description = " LtrModel: " + ranker.name() + " using features:";
        return Explanation.match(ranker.score(vector.values), description, details);
    }

    @Override
    public boolean isCacheable(LeafReaderContext segment) {
        return false; // the query cache stores matches, and this query matches every document
    }
}
