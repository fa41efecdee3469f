package org.ltrplugin.engine;

import java.util.Map;
import org.apache.lucene.util.RamUsageEstimator;

/** A ranker and the normalizers of its features. A normalizer also applies where its feature does not match. */
record NormalizedRanker(Ranker ranker, int[] ordinals, Normalizer[] normalizers) implements Ranker {
    static Ranker of(Ranker ranker, Map<Integer, Normalizer> byOrdinal) {
        return byOrdinal.isEmpty()
                ? ranker
                : new NormalizedRanker(
                        ranker,
                        byOrdinal.keySet().stream().mapToInt(Integer::intValue).toArray(),
                        byOrdinal.values().toArray(Normalizer[]::new));
    }

    @Override
    public String name() {
        return ranker.name();
    }

    @Override
    public float missingValue() {
        return ranker.missingValue();
    }

    @Override
    public float score(float[] vector) {
        return ranker.score(normalize(vector));
    }

    @Override
    public void score(float[][] vectors, int count, float[] scores) {
        for (int i = 0; i < count; i++) {
            normalize(vectors[i]);
        }
        ranker.score(vectors, count, scores);
    }

    private float[] normalize(float[] vector) {
        for (int i = 0; i < ordinals.length; i++) {
            vector[ordinals[i]] = normalizers[i].normalize(vector[ordinals[i]]);
        }
        return vector;
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + ranker.ramBytesUsed()
                + RamUsageEstimator.sizeOf(ordinals)
                + RamUsageEstimator.shallowSizeOf(normalizers)
                + normalizers.length * RamUsageEstimator.shallowSizeOfInstance(Normalizer.class);
    }
}
