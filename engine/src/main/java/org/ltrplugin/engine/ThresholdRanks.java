package org.ltrplugin.engine;

import java.util.Arrays;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * What trees compare instead of values and thresholds: places among the sorted thresholds of the whole ensemble.
 *
 * <p>Places are small integers, so their difference never overflows and its sign bit is the answer of a split. A
 * feature has a row of thresholds for the splits that send a missing value (NaN) to yes, and one for those that send it
 * to no: a missing value lies below the one and above the other.
 */
final class ThresholdRanks {
    private final int[] features;
    private final float[][] thresholds;
    private final int[] missing;
    /** The row of a feature's splits by {@link #key}. */
    private final int[] rowByKey;

    /** @param thresholds by {@link #key}, in any order, with repetitions; null or empty where there are none */
    ThresholdRanks(float[][] thresholds) {
        int rows = (int)
                Arrays.stream(thresholds).filter(t -> t != null && t.length > 0).count();
        this.features = new int[rows];
        this.thresholds = new float[rows][];
        this.missing = new int[rows];
        this.rowByKey = new int[thresholds.length];
        int row = 0;
        for (int key = 0; key < thresholds.length; key++) {
            if (thresholds[key] != null && thresholds[key].length > 0) {
                features[row] = key / 2;
                missing[row] = key % 2 == 1 ? 0 : Integer.MAX_VALUE;
                this.thresholds[row] = distinct(thresholds[key]);
                rowByKey[key] = row++;
            }
        }
    }

    static int key(int feature, boolean missingGoesToYes) {
        return 2 * feature + (missingGoesToYes ? 1 : 0);
    }

    private static float[] distinct(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f; // -0 becomes 0, which it equals
        }
        Arrays.sort(values);
        int kept = 0;
        for (float value : values) {
            if (kept == 0 || value != values[kept - 1]) {
                values[kept++] = value;
            }
        }
        return Arrays.copyOf(values, kept);
    }

    int rows() {
        return features.length;
    }

    int row(int key) {
        return rowByKey[key];
    }

    /** The rank that exactly the values below this threshold stay below. Never 0. */
    int of(int row, float threshold) {
        return rank(thresholds[row], threshold);
    }

    /** The ranks of a vector, by row. */
    int[] of(float[] vector) {
        int[] ranks = new int[Math.max(1, features.length)];
        for (int row = 0; row < features.length; row++) {
            float value = vector[features[row]];
            ranks[row] = Float.isNaN(value) ? missing[row] : rank(thresholds[row], value);
        }
        return ranks;
    }

    /** The ranks of the first vectors, by row and vector; rows are filled up with 0 to a width. */
    int[][] of(float[][] vectors, int count, int width) {
        int[][] ranks = new int[features.length][width];
        for (int row = 0; row < features.length; row++) {
            for (int i = 0; i < count; i++) {
                float value = vectors[i][features[row]];
                ranks[row][i] = Float.isNaN(value) ? missing[row] : rank(thresholds[row], value);
            }
        }
        return ranks;
    }

    /** How many of the thresholds are not above the value: a binary search that does not branch. */
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
                + RamUsageEstimator.sizeOf(missing)
                + RamUsageEstimator.sizeOf(rowByKey)
                + RamUsageEstimator.shallowSizeOf(thresholds)
                + Arrays.stream(thresholds).mapToLong(RamUsageEstimator::sizeOf).sum();
    }
}
