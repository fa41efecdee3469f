package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trees are given as the arrays that TreeEnsemble documents. */
class QuickScorerTests {
    /**
     * A tree in which split i sends values below i + 1 to leaf i, and the others to split i + 1 or to the last leaf.
     */
    private record Chain(int[] nodes, double[] leaves, ThresholdRanks ranks) {
        static Chain of(int splits) {
            int key = ThresholdRanks.key(0, false);
            float[][] thresholds = new float[key + 1][];
            thresholds[key] = new float[splits];
            int[] nodes = new int[(2 * splits + 1) * TreeEnsemble.NODE_INTS];
            double[] leaves = new double[splits + 1];
            int node = 0;
            for (int i = 0; i < splits; i++) {
                thresholds[key][i] = i + 1;
                leaves[i] = i;
                int yesChild = node + TreeEnsemble.NODE_INTS;
                set(nodes, node, i + 1, yesChild, -1);
                set(nodes, yesChild, 0, node, i);
                node = TreeBuilder.noChild(yesChild);
            }
            leaves[splits] = splits;
            set(nodes, node, 0, node - TreeEnsemble.NODE_INTS, splits);
            return new Chain(nodes, leaves, new ThresholdRanks(thresholds));
        }

        private static void set(int[] nodes, int node, int rank, int yes, int leaf) {
            nodes[node + TreeEnsemble.RANK] = rank;
            nodes[node + TreeEnsemble.YES] = yes;
            nodes[node + TreeEnsemble.LEAF] = leaf;
        }

        QuickScorer scorer() {
            return QuickScorer.of(nodes, new int[] {0}, leaves);
        }
    }

    /** Up to 31 splits fit into one int of leaves; more are divided into subtrees. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 30, 31, 32, 33, 63, 64, 100, 255})
    void everyLeafIsReached(int splits) {
        Chain chain = Chain.of(splits);
        float[][] vectors = new float[splits + 1][];
        float[] expected = new float[splits + 1];
        for (int i = 0; i <= splits; i++) {
            vectors[i] = new float[] {i + 0.5f};
            expected[i] = i;
        }
        float[] sums = new float[splits + 1];
        chain.scorer().sumLeaves(chain.ranks, vectors, sums.length, sums);
        assertArrayEquals(expected, sums);
    }

    @Test
    void onlyTheFirstVectorsAreScored() {
        Chain chain = Chain.of(3);
        float[] sums = {9, 9, 9};
        chain.scorer().sumLeaves(chain.ranks, new float[][] {{2.5f}, {Float.NaN}, null}, 2, sums);
        assertSameBits(2, sums[0]);
        assertSameBits(3, sums[1]);
        assertSameBits(9, sums[2]);
    }

    @Test
    void treesWithMoreThan256LeavesAreNotSupported() {
        assertNull(Chain.of(256).scorer());
    }
}
