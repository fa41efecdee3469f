package org.ltrplugin.engine;

import java.util.Arrays;
import org.apache.lucene.util.RamUsageEstimator;

/**
 * Regression trees whose leaves are summed in float32, in tree order.
 *
 * <p>All nodes of all trees lie in one array of ints, three to a node: the feature's ordinal (or {@link #LEAF}), the bits of
 * the threshold (or of the leaf's value), and the position of the "yes" child; the "no" child lies right behind it. So a
 * step reads one place in memory and takes no branch that a processor could mispredict. The sign bit of the third int
 * says that a missing value (NaN) goes to "yes"; vectors without a NaN, the usual case, never look at it.
 */
final class TreeEnsemble implements Ranker {
    private static final int LEAF = -1;
    private static final int NODE_INTS = 3;
    private static final int POSITION = Integer.MAX_VALUE;

    private final int[] nodes;
    private final int[] roots;
    private final Objective objective;
    private final float missingValue;

    private TreeEnsemble(int[] nodes, int[] roots, Objective objective, float missingValue) {
        this.nodes = nodes;
        this.roots = roots;
        this.objective = objective;
        this.missingValue = missingValue;
    }

    /** What becomes of the sum of the leaves. */
    enum Objective {
        RAW,
        LOGISTIC;

        float apply(float sum) {
            return this == RAW ? sum : (float) (1 / (1 + Math.exp(-(double) sum)));
        }
    }

    @Override
    public String name() {
        return "naive_additive_decision_tree";
    }

    @Override
    public float missingValue() {
        return missingValue;
    }

    @Override
    public float score(float[] vector) {
        return objective.apply(hasNaN(vector) ? sumWithMissing(vector) : sum(vector));
    }

    private static boolean hasNaN(float[] vector) {
        float sum = 0;
        for (float value : vector) {
            sum += value * 0; // NaN for NaN; infinities give NaN too, and the slower walk is right for them as well
        }
        return Float.isNaN(sum);
    }

    private float sum(float[] vector) {
        int[] nodes = this.nodes;
        float sum = 0;
        for (int root : roots) {
            int at = root;
            int feature = nodes[at];
            while (feature != LEAF) {
                int yes = nodes[at + 2] & POSITION;
                at = vector[feature] < Float.intBitsToFloat(nodes[at + 1]) ? yes : yes + NODE_INTS;
                feature = nodes[at];
            }
            sum += Float.intBitsToFloat(nodes[at + 1]);
        }
        return sum;
    }

    private float sumWithMissing(float[] vector) {
        float sum = 0;
        for (int root : roots) {
            int at = root;
            while (nodes[at] != LEAF) {
                float value = vector[nodes[at]];
                int yes = nodes[at + 2] & POSITION;
                boolean missingGoesToYes = nodes[at + 2] < 0;
                boolean takesYes = Float.isNaN(value) ? missingGoesToYes : value < Float.intBitsToFloat(nodes[at + 1]);
                at = takesYes ? yes : yes + NODE_INTS;
            }
            sum += Float.intBitsToFloat(nodes[at + 1]);
        }
        return sum;
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.sizeOf(nodes) + RamUsageEstimator.sizeOf(roots) + RamUsageEstimator.NUM_BYTES_OBJECT_HEADER;
    }

    /** Lays trees out: reserves a place for every node, and fills each place once, as a leaf or as a split. */
    static final class Builder {
        private int[] nodes = new int[64 * NODE_INTS];
        private int used;
        private int[] roots = new int[16];
        private int trees;

        /** The place of the root of a new tree. */
        int root() {
            if (trees == roots.length) {
                roots = Arrays.copyOf(roots, 2 * trees);
            }
            return roots[trees++] = reserve(1);
        }

        /** The place of a yes child; {@link #no} is the place of its sibling. */
        int pair() {
            return reserve(2);
        }

        static int no(int yes) {
            return yes + NODE_INTS;
        }

        void leaf(int place, float value) {
            nodes[place] = LEAF;
            nodes[place + 1] = Float.floatToRawIntBits(value);
        }

        void split(int place, int feature, float threshold, int yes, boolean missingGoesToYes) {
            nodes[place] = feature;
            nodes[place + 1] = Float.floatToRawIntBits(threshold);
            nodes[place + 2] = missingGoesToYes ? yes | Integer.MIN_VALUE : yes;
        }

        private int reserve(int count) {
            int place = used;
            used = Math.addExact(used, count * NODE_INTS);
            if (used > nodes.length) {
                nodes = Arrays.copyOf(nodes, Math.max(used, nodes.length + (nodes.length >> 1)));
            }
            return place;
        }

        TreeEnsemble build(Objective objective, float missingValue) {
            return new TreeEnsemble(Arrays.copyOf(nodes, used), Arrays.copyOf(roots, trees), objective, missingValue);
        }
    }
}
