package org.ltrplugin.engine;

import java.util.Arrays;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * Replaces feature values and split thresholds by integer ranks, so that a split compares two small integers.
 *
 * <p>The rank of a value is the number of distinct thresholds of its feature, in the whole ensemble, that are not above
 * it. So a value is below a threshold exactly when its rank is below the threshold's. The difference of two ranks never
 * overflows, and its sign bit is the result of the split.
 *
 * <p>A feature has up to two rows of thresholds: one for the splits that send a missing value (NaN) to the yes child,
 * and one for those that send it to the no child. The rank of a missing value is below all thresholds of the first row
 * and above all of the second.
 */
final class ThresholdRanks {
    private final int[] features;
    private final float[][] thresholds;
    private final int[] missingRanks;

    /** The row of each {@link #key}. */
    private final int[] rowByKey;

    /** @param thresholds by {@link #key}, unsorted and with duplicates; null or empty where a key has none */
    ThresholdRanks(float[][] thresholds) {
        int rows = (int)
                Arrays.stream(thresholds).filter(t -> t != null && t.length > 0).count();
        this.features = new int[rows];
        this.thresholds = new float[rows][];
        this.missingRanks = new int[rows];
        this.rowByKey = new int[thresholds.length];
        int row = 0;
        for (int key = 0; key < thresholds.length; key++) {
            if (thresholds[key] != null && thresholds[key].length > 0) {
                features[row] = key / 2;
                missingRanks[row] = key % 2 == 1 ? 0 : Integer.MAX_VALUE;
                this.thresholds[row] = sortedDistinct(thresholds[key]);
                rowByKey[key] = row++;
            }
        }
    }

    /** Identifies the splits of a feature that send missing values to the same side. */
    static int key(int feature, boolean missingGoesToYes) {
        return 2 * feature + (missingGoesToYes ? 1 : 0);
    }

    private static float[] sortedDistinct(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f; // -0 becomes 0, which it equals
        }
        Arrays.sort(values);
        int size = 0;
        for (float value : values) {
            if (size == 0 || value != values[size - 1]) {
                values[size++] = value;
            }
        }
        return Arrays.copyOf(values, size);
    }

    int row(int key) {
        return rowByKey[key];
    }

    /** The rank of one of the thresholds of a row, from 1. */
    int rankOfThreshold(int row, float threshold) {
        return rank(thresholds[row], threshold);
    }

    /** The ranks of a vector, by row. Has at least one element. */
    int[] ranks(float[] vector) {
        int[] ranks = new int[Math.max(1, features.length)];
        for (int row = 0; row < features.length; row++) {
            float value = vector[features[row]];
            ranks[row] = Float.isNaN(value) ? missingRanks[row] : rank(thresholds[row], value);
        }
        return ranks;
    }

    /** The ranks of the first {@code count} vectors, by row and vector; each row is padded with 0 to {@code width}. */
    int[][] ranks(float[][] vectors, int count, int width) {
        int[][] ranks = new int[features.length][width];
        for (int row = 0; row < features.length; row++) {
            for (int i = 0; i < count; i++) {
                float value = vectors[i][features[row]];
                ranks[row][i] = Float.isNaN(value) ? missingRanks[row] : rank(thresholds[row], value);
            }
        }
        return ranks;
    }

    /** The number of thresholds that are not above the value: a binary search without branches. */
    private static int rank(float[] sorted, float value) {
        int low = 0;
        for (int size = sorted.length; size > 1; ) {
            int half = size >>> 1;
            low = sorted[low + half - 1] <= value ? low + half : low;
            size -= half;
        }
        return sorted[low] <= value ? low + 1 : low;
    }

    long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + RamUsageEstimator.sizeOf(features)
                + RamUsageEstimator.sizeOf(missingRanks)
                + RamUsageEstimator.sizeOf(rowByKey)
                + RamUsageEstimator.shallowSizeOf(thresholds)
                + Arrays.stream(thresholds).mapToLong(RamUsageEstimator::sizeOf).sum();
    }
}
