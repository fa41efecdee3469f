package org.ltrplugin.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * Scores many documents at once, tree by tree, with bit masks instead of walks from root to leaf.
 *
 * <p>The algorithm follows QuickScorer (Lucchese et al., SIGIR 2015) and its vectorized form (SIGIR 2016). Each leaf of
 * a tree is one bit of an int, and leaves on the yes side have lower bits. A document starts with all bits set. Each
 * split whose condition is false for the document clears the bits of its yes side. The lowest bit that is still set is
 * the leaf that the document reaches. A split costs a subtraction, a shift, an OR and an AND for each document, without
 * a branch. The JVM compiles the loops over documents to vector instructions, because every array is accessed at the
 * loop index.
 *
 * <p>A tree with more leaves than an int has bits is divided into subtrees. Each subtree also gets the splits above it
 * that have it on their yes side. Subtrees are evaluated from the yes side to the no side, and a document takes its
 * leaf from the first subtree that has a bit left for it.
 */
final class QuickScorer {
    /** Above this number of leaves in a tree, walking is faster. */
    private static final int MAX_LEAVES = 256;

    /** Number of splits that one pass over the documents evaluates. */
    private static final int SPLITS_PER_PASS = 3;

    /**
     * Documents are padded to a multiple of this number. The JVM decides from the first calls whether a loop is worth
     * vector instructions, and some of the first windows are small.
     */
    private static final int PADDING = 64;

    private final int[] splitRows;
    private final int[] splitRanks;

    /** For each split, the leaves that remain for a document for which its condition is false. */
    private final int[] splitMasks;

    /** For each subtree, and one more at the end: the index of its first split. */
    private final int[] splitStarts;

    /** For each subtree: the index of its first leaf. */
    private final int[] leafStarts;

    /** For each tree, and one more at the end: the index of its first subtree. */
    private final int[] subtreeStarts;

    private final double[] leaves;

    private QuickScorer(Builder builder) {
        splitRows = builder.rows.build().toArray();
        splitRanks = builder.ranks.build().toArray();
        splitMasks = builder.masks.build().toArray();
        splitStarts = builder.splitStarts.add(builder.splitCount).build().toArray();
        leafStarts = builder.leafStarts.build().toArray();
        subtreeStarts = builder.subtreeStarts.add(leafStarts.length).build().toArray();
        leaves = builder.leaves.build().toArray();
    }

    /**
     * The masks of trees in the layout of {@link TreeEnsemble}. Null when a tree has so many leaves that walking is
     * faster.
     */
    @Nullable
    static QuickScorer of(int[] nodes, int[] roots, double[] leaves) {
        for (int tree = 0; tree < roots.length; tree++) {
            int end = tree + 1 < roots.length ? roots[tree + 1] : nodes.length;
            int size = (end - roots[tree]) / TreeEnsemble.NODE_INTS;
            if (size >= 2 * MAX_LEAVES) { // a tree has one leaf more than splits
                return null;
            }
        }
        Builder builder = new Builder(nodes, leaves);
        for (int root : roots) {
            builder.addTree(root);
        }
        return new QuickScorer(builder);
    }

    /** Writes the sum of the leaves that each of the first {@code count} vectors reaches to {@code sums}. */
    void sumLeaves(ThresholdRanks thresholds, float[][] vectors, int count, float[] sums) {
        int width = (count + PADDING - 1) / PADDING * PADDING;
        int[][] ranks = thresholds.ranks(vectors, count, width);
        float[] paddedSums = new float[width];
        int[] undecided = new int[width]; // -1 where no subtree of this tree has had the document's leaf, else 0
        int[] reachable = new int[width];
        for (int tree = 0; tree + 1 < subtreeStarts.length; tree++) {
            Arrays.fill(undecided, -1);
            for (int subtree = subtreeStarts[tree]; subtree < subtreeStarts[tree + 1]; subtree++) {
                System.arraycopy(undecided, 0, reachable, 0, width);
                for (int split = splitStarts[subtree]; split < splitStarts[subtree + 1]; split += SPLITS_PER_PASS) {
                    applyMasks(ranks, split, reachable);
                }
                addLeaves(leafStarts[subtree], reachable, paddedSums);
                if (subtree + 1 < subtreeStarts[tree + 1]) {
                    markDecided(undecided, reachable);
                }
            }
        }
        System.arraycopy(paddedSums, 0, sums, 0, count);
    }

    /** Evaluates three splits in one loop, so that {@code reachable} is loaded and stored once for all three. */
    private void applyMasks(int[][] ranks, int split, int[] reachable) {
        int[] a = ranks[splitRows[split]];
        int[] b = ranks[splitRows[split + 1]];
        int[] c = ranks[splitRows[split + 2]];
        int rankA = splitRanks[split];
        int rankB = splitRanks[split + 1];
        int rankC = splitRanks[split + 2];
        int maskA = splitMasks[split];
        int maskB = splitMasks[split + 1];
        int maskC = splitMasks[split + 2];
        for (int i = 0; i < reachable.length; i++) {
            reachable[i] &= (maskA | ((a[i] - rankA) >> 31))
                    & (maskB | ((b[i] - rankB) >> 31))
                    & (maskC | ((c[i] - rankC) >> 31));
        }
    }

    /** Adds the lowest reachable leaf. A document with no reachable leaf adds the 0 that follows the leaves. */
    private void addLeaves(int start, int[] reachable, float[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] = (float) (sums[i] + leaves[start + Integer.numberOfTrailingZeros(reachable[i])]);
        }
    }

    /** Clears {@code undecided} for documents that have a reachable leaf. */
    private static void markDecided(int[] undecided, int[] reachable) {
        for (int i = 0; i < undecided.length; i++) {
            undecided[i] &= ~((reachable[i] | -reachable[i]) >> 31);
        }
    }

    long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + RamUsageEstimator.sizeOf(splitRows)
                + RamUsageEstimator.sizeOf(splitRanks)
                + RamUsageEstimator.sizeOf(splitMasks)
                + RamUsageEstimator.sizeOf(splitStarts)
                + RamUsageEstimator.sizeOf(leafStarts)
                + RamUsageEstimator.sizeOf(subtreeStarts)
                + RamUsageEstimator.sizeOf(leaves);
    }

    /** Computes the masks, tree by tree. {@link #MAX_LEAVES} bounds the recursion. */
    private static final class Builder {
        private final int[] nodes;
        private final double[] leafValues;
        private final IntStream.Builder rows = IntStream.builder();
        private final IntStream.Builder ranks = IntStream.builder();
        private final IntStream.Builder masks = IntStream.builder();
        private final IntStream.Builder splitStarts = IntStream.builder();
        private final IntStream.Builder leafStarts = IntStream.builder();
        private final IntStream.Builder subtreeStarts = IntStream.builder();
        private final DoubleStream.Builder leaves = DoubleStream.builder();
        private int splitCount;
        private int subtreeCount;
        private int leafCount;

        Builder(int[] nodes, double[] leafValues) {
            this.nodes = nodes;
            this.leafValues = leafValues;
        }

        void addTree(int root) {
            subtreeStarts.add(subtreeCount);
            divide(root, new ArrayDeque<>(), countLeaves(root) <= Integer.SIZE);
        }

        /**
         * Divides what is below a node into subtrees.
         *
         * @param ancestors the splits above the node that have it on their yes side
         * @param wholeTree whether the tree needs only one subtree
         */
        private void divide(int node, ArrayDeque<Integer> ancestors, boolean wholeTree) {
            if (countLeaves(node) > Integer.SIZE) {
                ancestors.push(node);
                divide(nodes[node + TreeEnsemble.YES], ancestors, wholeTree);
                ancestors.pop();
                divide(TreeBuilder.noChild(nodes[node + TreeEnsemble.YES]), ancestors, wholeTree);
                return;
            }
            subtreeCount++;
            splitStarts.add(splitCount);
            leafStarts.add(leafCount);
            ancestors.forEach(split -> addSplit(split, 0));
            int bits = addSubtree(node, 0);
            while (splitCount % SPLITS_PER_PASS != 0) {
                addSplit(0, 0, -1); // this mask keeps every leaf
            }
            for (; wholeTree == false && bits <= Integer.SIZE; bits++) {
                addLeaf(0);
            }
        }

        /** Adds a subtree whose first leaf has the bit {@code bit}. Returns the first bit after its last leaf. */
        private int addSubtree(int node, int bit) {
            int yes = nodes[node + TreeEnsemble.YES];
            if (yes < node) {
                addLeaf(leafValues[nodes[node + TreeEnsemble.LEAF]]);
                return bit + 1;
            }
            int afterYes = addSubtree(yes, bit);
            addSplit(node, ~((1 << afterYes) - (1 << bit)));
            return addSubtree(TreeBuilder.noChild(yes), afterYes);
        }

        private void addSplit(int node, int mask) {
            addSplit(nodes[node + TreeEnsemble.ROW], nodes[node + TreeEnsemble.RANK], mask);
        }

        private void addSplit(int row, int rank, int mask) {
            rows.add(row);
            ranks.add(rank);
            masks.add(mask);
            splitCount++;
        }

        private void addLeaf(double value) {
            leaves.add(value);
            leafCount++;
        }

        private int countLeaves(int node) {
            int yes = nodes[node + TreeEnsemble.YES];
            return yes < node ? 1 : countLeaves(yes) + countLeaves(TreeBuilder.noChild(yes));
        }
    }
}
