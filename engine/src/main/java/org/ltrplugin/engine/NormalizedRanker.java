package org.ltrplugin.engine;

import org.apache.lucene.util.RamUsageEstimator;

import java.util.Map;

/**
 * A ranker behind normalizers. They apply to every feature listed, also where it did not match the
 * document.
 */
final class NormalizedRanker implements Ranker {
    private final Ranker ranker;
    private final int[] ordinals;
    private final Normalizer[] normalizers;

    private NormalizedRanker(Ranker ranker, Map<Integer, Normalizer> byOrdinal) {
        this.ranker = ranker;
        this.ordinals = byOrdinal.keySet().stream().mapToInt(Integer::intValue).toArray();
        this.normalizers = byOrdinal.values().toArray(Normalizer[]::new);
    }

    static Ranker of(Ranker ranker, Map<Integer, Normalizer> byOrdinal) {
        return byOrdinal.isEmpty() ? ranker : new NormalizedRanker(ranker, byOrdinal);
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
        for (int i = 0; i < ordinals.length; i++) {
            vector[ordinals[i]] = normalizers[i].normalize(vector[ordinals[i]]);
        }
        return ranker.score(vector);
    }

    @Override
    public long ramBytesUsed() {
        return ranker.ramBytesUsed()
                + RamUsageEstimator.sizeOf(ordinals)
                + 32L * normalizers.length;
    }
}
