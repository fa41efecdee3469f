package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;

/**
 * One log: the features to log under a name. Values are raw: no boost of the query, no normalizers, 0 where others are
 * missing.
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

    /** One entry a feature, in ordinal order, for the document the vector stands on. */
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
