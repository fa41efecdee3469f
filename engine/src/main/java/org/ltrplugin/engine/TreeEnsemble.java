package org.ltrplugin.engine;

import org.apache.lucene.util.RamUsageEstimator;
import org.opensearch.common.Nullable;

/**
 * Regression trees whose leaves are summed in float32, in tree order.
 *
 * <p>One document walks from node to node. What a processor pays for in such a walk is the branch it cannot predict and
 * the wait for the next node. So there is no branch: the sign of a difference of {@link ThresholdRanks} picks the
 * child. And four trees are walked at once, each for as many steps as the deepest of the four needs; a leaf leads to
 * itself. Many documents at once are scored without walking, by {@link QuickScorer}.
 *
 * <p>A node is four ints in one array for all trees: the row of its feature's rank, the rank of its threshold, the
 * position of its yes child (the no child lies right behind it), and the number of its leaf or -1.
 */
final class TreeEnsemble implements Ranker {
    /** What explanations call trees that are no model of RankLib. */
    static final String ADDITIVE = "naive_additive_decision_tree";

    static final int NODE_INTS = 4;
    static final int ROW = 0;
    static final int RANK = 1;
    static final int YES = 2;
    static final int LEAF = 3;
    static final int WALKS = 4;

    /** From this many documents on, masks are faster than walks. */
    private static final int MIN_MASKED = 16;

    private final String name;
    private final ThresholdRanks ranks;
    private final int[] nodes;

    /** The roots, in tree order, filled up with leaves of value 0 to a multiple of {@link #WALKS}. */
    private final int[] roots;

    /** The depth of the deepest of each {@link #WALKS} trees. */
    private final int[] depths;

    private final double[] leaves;
    private final Objective objective;
    private final float missingValue;

    @Nullable
    private final QuickScorer masks;

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
        this.depths = new int[roots.length / WALKS];
        for (int tree = 0; tree < roots.length; tree++) {
            int end = tree + 1 < roots.length ? roots[tree + 1] : nodes.length;
            depths[tree / WALKS] = Math.max(depths[tree / WALKS], depth(roots[tree], end));
        }
        this.masks = QuickScorer.of(nodes, roots, leaves);
    }

    private int depth(int start, int end) {
        int[] depths = new int[(end - start) / NODE_INTS];
        int deepest = 0;
        for (int place = start; place < end; place += NODE_INTS) {
            int depth = depths[(place - start) / NODE_INTS];
            int yes = nodes[place + YES];
            if (yes > place) {
                depths[(yes - start) / NODE_INTS] = depth + 1;
                depths[(TreeBuilder.no(yes) - start) / NODE_INTS] = depth + 1;
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
        int[] rank = ranks.of(vector);
        float sum = 0;
        for (int group = 0; group < depths.length; group++) {
            int first = group * WALKS;
            int a = roots[first];
            int b = roots[first + 1];
            int c = roots[first + 2];
            int d = roots[first + 3];
            for (int depth = depths[group]; depth > 0; depth--) {
                a = step(a, rank);
                b = step(b, rank);
                c = step(c, rank);
                d = step(d, rank);
            }
            // A sum of two float32 in double, rounded once more, is the float32 sum.
            sum = (float) (sum + leaves[nodes[a + LEAF]]);
            sum = (float) (sum + leaves[nodes[b + LEAF]]);
            sum = (float) (sum + leaves[nodes[c + LEAF]]);
            sum = (float) (sum + leaves[nodes[d + LEAF]]);
        }
        return objective.apply(sum);
    }

    private int step(int at, int[] rank) {
        int below = (rank[nodes[at + ROW]] - nodes[at + RANK]) >> 31;
        return nodes[at + YES] + NODE_INTS + NODE_INTS * below;
    }

    @Override
    public void score(float[][] vectors, int count, float[] scores) {
        if (masks == null || count < MIN_MASKED) {
            Ranker.super.score(vectors, count, scores);
            return;
        }
        masks.sum(ranks, vectors, count, scores);
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
                + RamUsageEstimator.sizeOf(depths)
                + RamUsageEstimator.sizeOf(leaves)
                + (masks == null ? 0 : masks.ramBytesUsed());
    }
}
