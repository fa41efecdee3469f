package org.ltrplugin.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.lucene.util.RamUsageEstimator;
import org.opensearch.common.Nullable;

/**
 * Regression trees for many documents at once, tree by tree, without walking.
 *
 * <p>After QuickScorer (Lucchese et al., SIGIR 2015) and its vectorized form (SIGIR 2016): the leaves of a tree are
 * bits of an int, lowest first. Every split that a document fails removes the leaves of its yes side; the lowest bit
 * that is left is the leaf that the document reaches. So a split costs a document a subtraction, a shift, an or and an
 * and, all without branches, and the loops over the documents are of the simple kind that the JVM turns into vector
 * instructions: every array is read and written at the loop's own index.
 *
 * <p>A tree of more leaves than an int has bits is cut into parts, each of them a subtree with the splits above it that
 * it lies on the yes side of. Parts are taken from the yes side to the no side, and a document stays with the first one
 * that has a leaf left.
 */
final class QuickScorer {
    private static final int MAX_LEAVES = 256;
    private static final int STEP = 3;

    /**
     * Documents are padded to a multiple of this. The JVM judges by the first calls whether a loop is worth vector
     * instructions, and some of the first windows are small.
     */
    private static final int LANES = 64;

    private final int[] rows;
    private final int[] ranks;

    /** By split: the leaves that a document keeps that fails it. */
    private final int[] kept;

    /** By part, and one more: where its splits begin. */
    private final int[] splitStarts;

    /** By part: where its leaves begin. */
    private final int[] leafStarts;

    /** By tree, and one more: its first part. */
    private final int[] partStarts;

    private final double[] leaves;

    private QuickScorer(Draft draft) {
        rows = draft.rows.build().toArray();
        ranks = draft.ranks.build().toArray();
        kept = draft.kept.build().toArray();
        splitStarts = draft.splitStarts.add(draft.splits).build().toArray();
        leafStarts = draft.leafStarts.build().toArray();
        partStarts = draft.partStarts.add(leafStarts.length).build().toArray();
        leaves = draft.leaves.build().toArray();
    }

    /** Masks of trees laid out as in {@link TreeEnsemble}, or null when a tree has so many leaves that walking wins. */
    @Nullable
    static QuickScorer of(int[] nodes, int[] roots, double[] leaves) {
        for (int tree = 0; tree < roots.length; tree++) {
            int end = tree + 1 < roots.length ? roots[tree + 1] : nodes.length;
            int size = (end - roots[tree]) / TreeEnsemble.NODE_INTS;
            if (size >= 2 * MAX_LEAVES) { // a tree has one leaf more than splits
                return null;
            }
        }
        Draft draft = new Draft(nodes, leaves);
        for (int root : roots) {
            draft.tree(root);
        }
        return new QuickScorer(draft);
    }

    /** Writes the sum of each vector's leaves. */
    void sum(ThresholdRanks thresholds, float[][] vectors, int count, float[] sums) {
        int width = (count + LANES - 1) / LANES * LANES;
        int[][] rankRows = thresholds.of(vectors, count, width);
        float[] sum = new float[width];
        int[] open = new int[width];
        int[] left = new int[width];
        for (int tree = 0; tree + 1 < partStarts.length; tree++) {
            Arrays.fill(open, -1);
            for (int part = partStarts[tree]; part < partStarts[tree + 1]; part++) {
                System.arraycopy(open, 0, left, 0, width);
                for (int split = splitStarts[part]; split < splitStarts[part + 1]; split += STEP) {
                    remove(rankRows, split, left);
                }
                add(leafStarts[part], left, sum);
                if (part + 1 < partStarts[tree + 1]) {
                    close(open, left);
                }
            }
        }
        System.arraycopy(sum, 0, sums, 0, count);
    }

    /** Three splits at once: {@code left} is loaded and stored once for them. */
    private void remove(int[][] rankRows, int split, int[] left) {
        int[] a = rankRows[rows[split]];
        int[] b = rankRows[rows[split + 1]];
        int[] c = rankRows[rows[split + 2]];
        int rankA = ranks[split];
        int rankB = ranks[split + 1];
        int rankC = ranks[split + 2];
        int keptA = kept[split];
        int keptB = kept[split + 1];
        int keptC = kept[split + 2];
        for (int i = 0; i < left.length; i++) {
            left[i] &= (keptA | ((a[i] - rankA) >> 31))
                    & (keptB | ((b[i] - rankB) >> 31))
                    & (keptC | ((c[i] - rankC) >> 31));
        }
    }

    /** A document without a leaf here gets the 0 that stands behind the leaves of a part. */
    private void add(int start, int[] left, float[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] = (float) (sums[i] + leaves[start + Integer.numberOfTrailingZeros(left[i])]);
        }
    }

    /** Closes the tree to documents that have found their leaf. */
    private static void close(int[] open, int[] left) {
        for (int i = 0; i < open.length; i++) {
            open[i] &= ~((left[i] | -left[i]) >> 31);
        }
    }

    long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + RamUsageEstimator.sizeOf(rows)
                + RamUsageEstimator.sizeOf(ranks)
                + RamUsageEstimator.sizeOf(kept)
                + RamUsageEstimator.sizeOf(splitStarts)
                + RamUsageEstimator.sizeOf(leafStarts)
                + RamUsageEstimator.sizeOf(partStarts)
                + RamUsageEstimator.sizeOf(leaves);
    }

    /** Masks being made, tree by tree. Its recursion is bounded by the leaves of a tree. */
    private static final class Draft {
        private final int[] nodes;
        private final double[] values;
        private final IntStream.Builder rows = IntStream.builder();
        private final IntStream.Builder ranks = IntStream.builder();
        private final IntStream.Builder kept = IntStream.builder();
        private final IntStream.Builder splitStarts = IntStream.builder();
        private final IntStream.Builder leafStarts = IntStream.builder();
        private final IntStream.Builder partStarts = IntStream.builder();
        private final DoubleStream.Builder leaves = DoubleStream.builder();
        private int splits;
        private int parts;
        private int leafCount;

        Draft(int[] nodes, double[] values) {
            this.nodes = nodes;
            this.values = values;
        }

        void tree(int root) {
            partStarts.add(parts);
            cut(root, new ArrayDeque<>(), leavesBelow(root) <= Integer.SIZE);
        }

        /** Makes parts of a subtree that lies on the yes side of the splits above. */
        private void cut(int place, ArrayDeque<Integer> above, boolean whole) {
            if (leavesBelow(place) > Integer.SIZE) {
                above.push(place);
                cut(nodes[place + TreeEnsemble.YES], above, whole);
                above.pop();
                cut(TreeBuilder.no(nodes[place + TreeEnsemble.YES]), above, whole);
                return;
            }
            parts++;
            splitStarts.add(splits);
            leafStarts.add(leafCount);
            above.forEach(split -> split(split, 0));
            int bits = lay(place, 0);
            while (splits % STEP != 0) {
                split(0, 0, -1); // removes nothing
            }
            for (; whole == false && bits <= Integer.SIZE; bits++) {
                leaf(0);
            }
        }

        /** Lays out a subtree whose lowest leaf is this bit; returns the bit behind its highest. */
        private int lay(int place, int bit) {
            int yes = nodes[place + TreeEnsemble.YES];
            if (yes < place) {
                leaf(values[nodes[place + TreeEnsemble.LEAF]]);
                return bit + 1;
            }
            int behindYes = lay(yes, bit);
            split(place, ~((1 << behindYes) - (1 << bit)));
            return lay(TreeBuilder.no(yes), behindYes);
        }

        private void split(int place, int kept) {
            split(nodes[place + TreeEnsemble.ROW], nodes[place + TreeEnsemble.RANK], kept);
        }

        private void split(int row, int rank, int kept) {
            rows.add(row);
            ranks.add(rank);
            this.kept.add(kept);
            splits++;
        }

        private void leaf(double value) {
            leaves.add(value);
            leafCount++;
        }

        private int leavesBelow(int place) {
            int yes = nodes[place + TreeEnsemble.YES];
            return yes < place ? 1 : leavesBelow(yes) + leavesBelow(TreeBuilder.no(yes));
        }
    }
}
