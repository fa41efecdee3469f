package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;

/**
 * The features of one sltr query, logged under one name. Values are raw: without the boost of the query and without
 * normalizers. A derived feature reads 0 for a feature that does not match.
 */
final class FeatureLog {
    private static final float DEFAULT_BOOST = 1;

    private final FeatureLogSpec spec;
    private final List<BoundFeature> features;
    private final List<FeatureWeight> weights;

    private FeatureLog(FeatureLogSpec spec, List<BoundFeature> features, List<FeatureWeight> weights) {
        this.spec = spec;
        this.features = features;
        this.weights = weights;
    }

    static FeatureLog of(FeatureLogSpec spec, RankerQuery query, IndexSearcher searcher) throws IOException {
        return new FeatureLog(spec, query.features(), query.featureWeights(searcher, DEFAULT_BOOST));
    }

    String name() {
        return spec.logName();
    }

    FeatureVector vector(LeafReaderContext segment) throws IOException {
        return new FeatureVector(weights, segment, 0, 1);
    }

    /** The log of the vector's current document: one entry for each feature, in ordinal order. */
    List<Map<String, Object>> entries(FeatureVector vector) {
        List<Map<String, Object>> entries = new ArrayList<>(features.size());
        for (int i = 0; i < features.size(); i++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", features.get(i).name());
            if (vector.matched(i) || spec.missingAsZero()) {
                entry.put("value", vector.values[i]);
            }
            entries.add(entry);
        }
        return entries;
    }
}
