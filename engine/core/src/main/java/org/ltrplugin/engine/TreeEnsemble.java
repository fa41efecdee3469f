package org.ltrplugin.engine;

import org.apache.lucene.util.RamUsageEstimator;

/**
 * Regression trees. The score of a document is the sum of the leaves it reaches, added in float32 in tree order.
 *
 * <p>{@link #score(float[])} walks from the root to a leaf. The cost of such a walk is the branches that the processor
 * mispredicts and the wait for the next node. So the walk has no branch: the sign of the difference of two {@link
 * ThresholdRanks} selects the child. Four trees are walked at the same time, each for as many steps as the deepest of
 * the four needs; the next node of a leaf is the leaf itself. {@link QuickScorer} scores many documents at once without
 * walking.
 *
 * <p>A node is four ints in one array for all trees: the row of its feature in {@link ThresholdRanks}, the rank of its
 * threshold, the offset of its yes child (the no child follows it), and the index of its leaf or -1.
 */
final class TreeEnsemble implements Ranker {
    /** The name of XGBoost trees in explanations. */
    static final String XGBOOST_NAME = "naive_additive_decision_tree";

    static final int NODE_INTS = 4;
    static final int ROW = 0;
    static final int RANK = 1;
    static final int YES = 2;
    static final int LEAF = 3;

    /** Number of trees that are walked at the same time. */
    static final int TREES_PER_GROUP = 4;

    /** With fewer documents, walking is faster than {@link QuickScorer}. */
    private static final int MIN_QUICKSCORER_DOCUMENTS = 16;

    private final String name;
    private final ThresholdRanks ranks;
    private final int[] nodes;

    /** The roots, in tree order, padded with trees of one leaf of value 0 to a multiple of {@link #TREES_PER_GROUP}. */
    private final int[] roots;

    /** For each group of trees, the depth of the deepest one. */
    private final int[] groupDepths;

    private final double[] leaves;
    private final Objective objective;
    private final float missingValue;

    @Nullable
    private final QuickScorer quickScorer;

    TreeEnsemble(
            String name,
            ThresholdRanks ranks,
            int[] nodes,
            int[] roots,
            double[] leaves,
            Objective objective,
            float missingValue) {
        this.name = name;
        this.ranks = ranks;
        this.nodes = nodes;
        this.roots = roots;
        this.leaves = leaves;
        this.objective = objective;
        this.missingValue = missingValue;
        this.groupDepths = new int[roots.length / TREES_PER_GROUP];
        for (int tree = 0; tree < roots.length; tree++) {
            int end = tree + 1 < roots.length ? roots[tree + 1] : nodes.length;
            int group = tree / TREES_PER_GROUP;
            groupDepths[group] = Math.max(groupDepths[group], depth(roots[tree], end));
        }
        this.quickScorer = QuickScorer.of(nodes, roots, leaves);
    }

    /** The depth of the tree that begins at {@code root} and ends before {@code end}. */
    private int depth(int root, int end) {
        int[] depths = new int[(end - root) / NODE_INTS];
        int deepest = 0;
        for (int node = root; node < end; node += NODE_INTS) {
            int depth = depths[(node - root) / NODE_INTS];
            int yes = nodes[node + YES];
            if (yes > node) {
                depths[(yes - root) / NODE_INTS] = depth + 1;
                depths[(TreeBuilder.noChild(yes) - root) / NODE_INTS] = depth + 1;
            }
            deepest = Math.max(deepest, depth);
        }
        return deepest;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public float missingValue() {
        return missingValue;
    }

    @Override
    public float score(float[] vector) {
        int[] valueRanks = ranks.ranks(vector);
        float sum = 0;
        for (int group = 0; group < groupDepths.length; group++) {
            int first = group * TREES_PER_GROUP;
            int a = roots[first];
            int b = roots[first + 1];
            int c = roots[first + 2];
            int d = roots[first + 3];
            for (int depth = groupDepths[group]; depth > 0; depth--) {
                a = child(a, valueRanks);
                b = child(b, valueRanks);
                c = child(c, valueRanks);
                d = child(d, valueRanks);
            }
            // RankLib leaves are doubles. For float32 leaves this is the float32 sum, since double is exact enough.
            sum = (float) (sum + leaves[nodes[a + LEAF]]);
            sum = (float) (sum + leaves[nodes[b + LEAF]]);
            sum = (float) (sum + leaves[nodes[c + LEAF]]);
            sum = (float) (sum + leaves[nodes[d + LEAF]]);
        }
        return objective.apply(sum);
    }

    /** The child that a document goes to, or the leaf itself. */
    private int child(int node, int[] valueRanks) {
        int isYes = (valueRanks[nodes[node + ROW]] - nodes[node + RANK]) >> 31; // -1 for yes, 0 for no
        return nodes[node + YES] + NODE_INTS + NODE_INTS * isYes;
    }

    @Override
    public void score(float[][] vectors, int count, float[] scores) {
        if (quickScorer == null || count < MIN_QUICKSCORER_DOCUMENTS) {
            Ranker.super.score(vectors, count, scores);
            return;
        }
        quickScorer.sumLeaves(ranks, vectors, count, scores);
        for (int i = 0; i < count; i++) {
            scores[i] = objective.apply(scores[i]);
        }
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.shallowSizeOf(this)
                + ranks.ramBytesUsed()
                + RamUsageEstimator.sizeOf(nodes)
                + RamUsageEstimator.sizeOf(roots)
                + RamUsageEstimator.sizeOf(groupDepths)
                + RamUsageEstimator.sizeOf(leaves)
                + (quickScorer == null ? 0 : quickScorer.ramBytesUsed());
    }
}
