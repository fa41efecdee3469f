package org.ltrplugin.engine;

import java.util.Arrays;
import org.apache.lucene.util.RamUsageEstimator;

/** A weighted sum of the features in ordinal order. Each product and each sum is rounded to float32. */
record LinearRanker(float[] weights) implements Ranker {
    /** The sum of all features, each with weight 1. */
    static LinearRanker sum(int featureCount) {
        float[] weights = new float[featureCount];
        Arrays.fill(weights, 1);
        return new LinearRanker(weights);
    }

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public float missingValue() {
        return 0;
    }

    @Override
    public float score(float[] vector) {
        float score = 0;
        for (int i = 0; i < weights.length; i++) {
            score += weights[i] * vector[i];
        }
        return score;
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this) + RamUsageEstimator.sizeOf(weights);
    }
}
