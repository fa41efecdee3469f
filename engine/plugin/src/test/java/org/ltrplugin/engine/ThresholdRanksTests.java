package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ThresholdRanksTests {
    private static final int YES = ThresholdRanks.key(0, true);
    private static final int NO = ThresholdRanks.key(0, false);

    private static ThresholdRanks ranks(int key, float... thresholds) {
        float[][] byKey = new float[key + 1][];
        byKey[key] = thresholds;
        return new ThresholdRanks(byKey);
    }

    @Test
    void aValueIsBelowAThresholdExactlyWhenItsRankIs() {
        Random random = TestRandom.create();
        RandomTrees generator = new RandomTrees(random);
        for (int round = 0; round < 20; round++) {
            float[] thresholds = new float[1 + random.nextInt(50)];
            for (int i = 0; i < thresholds.length; i++) {
                thresholds[i] = random.nextInt(-4, 5) / 2f + (random.nextInt(5) == 0 ? random.nextFloat() : 0);
            }
            ThresholdRanks ranks = ranks(YES, thresholds.clone());
            for (float value : generator.vector()) {
                int rank = ranks.ranks(new float[] {value})[0];
                for (float threshold : thresholds) {
                    boolean below = Float.isNaN(value) || value < threshold;
                    assertEquals(below, rank < ranks.rankOfThreshold(0, threshold), value + " < " + threshold);
                }
            }
        }
    }

    @Test
    void aRankIsTheNumberOfDistinctThresholdsThatAreNotAboveTheValue() {
        ThresholdRanks ranks = ranks(NO, 3, 1, 3, 2);
        float[][] vectors = {{0}, {1}, {1.5f}, {2}, {3}, {4}};
        assertArrayEquals(new int[] {0, 1, 1, 2, 3, 3}, ranks.ranks(vectors, 6, 6)[0]);
        assertEquals(1, ranks.rankOfThreshold(0, 1));
        assertEquals(3, ranks.rankOfThreshold(0, 3));
    }

    @Test
    void bothZerosHaveTheSameRank() {
        ThresholdRanks ranks = ranks(NO, -0f, 0f, 1);
        assertEquals(1, ranks.ranks(new float[] {-0f})[0]);
        assertEquals(1, ranks.ranks(new float[] {0f})[0]);
        assertEquals(2, ranks.rankOfThreshold(0, 1));
    }

    @Test
    void aMissingValueHasOneRankForEachSide() {
        ThresholdRanks ranks = new ThresholdRanks(new float[][] {{1}, {1}});
        int[] missing = ranks.ranks(new float[] {Float.NaN});
        assertEquals(Integer.MAX_VALUE, missing[ranks.row(NO)]);
        assertEquals(0, missing[ranks.row(YES)]);
    }

    @Test
    void rowsExistOnlyForFeaturesWithThresholds() {
        ThresholdRanks ranks = new ThresholdRanks(new float[][] {null, {}, {5}, null});
        assertEquals(0, ranks.row(ThresholdRanks.key(1, false)));
        assertArrayEquals(new int[] {1}, ranks.ranks(new float[] {9, 7}));
    }

    @Test
    void rowsOfABlockArePaddedWithZeros() {
        assertArrayEquals(new int[][] {{1, 0, 0, 0}}, ranks(NO, 1).ranks(new float[][] {{1}, {0}}, 2, 4));
    }

    @Test
    void withoutThresholdsAVectorStillHasARank() {
        assertArrayEquals(new int[] {0}, new ThresholdRanks(new float[0][]).ranks(new float[] {1}));
    }
}
