package org.ltrplugin.engine;

import org.apache.lucene.util.RamUsageEstimator;

import java.util.Arrays;

/**
 * Regression trees whose leaves are summed in float32, in tree order.
 *
 * <p>What a processor pays for in a tree walk is the branch it cannot predict and the wait for the
 * next node. So there is no branch: floats are turned into integers of the same order, and the sign
 * of a difference picks the child. And four trees are walked at once, each for as many steps as the
 * deepest of the four needs; a leaf leads to itself.
 *
 * <p>A node is four ints in one array for all trees: the position of its feature's key, the key of
 * its threshold, the position of its yes child (the no child lies right behind it), and, in a leaf,
 * the bits of its value. A vector has two keys for each feature, which differ when the value is
 * missing (NaN): one sends it to yes, the other to no.
 */
final class TreeEnsemble implements Ranker {
    private static final int NODE_INTS = 4;
    private static final int THRESHOLD = 1;
    private static final int YES = 2;
    private static final int VALUE = 3;
    private static final int WALKS = 4;

    private final int[] nodes;

    /**
     * The roots, in tree order, filled up with leaves of value 0 to a multiple of {@link #WALKS}.
     */
    private final int[] roots;

    /** The depth of the deepest of each {@link #WALKS} trees. */
    private final int[] depths;

    private final Objective objective;
    private final float missingValue;

    private TreeEnsemble(
            int[] nodes, int[] roots, int[] depths, Objective objective, float missingValue) {
        this.nodes = nodes;
        this.roots = roots;
        this.depths = depths;
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
        int[] keys = keys(vector);
        float sum = 0;
        for (int group = 0; group < depths.length; group++) {
            int first = group * WALKS;
            int a = roots[first];
            int b = roots[first + 1];
            int c = roots[first + 2];
            int d = roots[first + 3];
            for (int depth = depths[group]; depth > 0; depth--) {
                a = step(a, keys);
                b = step(b, keys);
                c = step(c, keys);
                d = step(d, keys);
            }
            sum += value(a);
            sum += value(b);
            sum += value(c);
            sum += value(d);
        }
        return objective.apply(sum);
    }

    private int step(int at, int[] keys) {
        long below = ((long) keys[nodes[at]] - (long) nodes[at + THRESHOLD]) >>> 63;
        return nodes[at + YES] + NODE_INTS - NODE_INTS * (int) below;
    }

    private float value(int leaf) {
        return Float.intBitsToFloat(nodes[leaf + VALUE]);
    }

    private static int[] keys(float[] vector) {
        int[] keys = new int[Math.max(2, 2 * vector.length)];
        for (int i = 0; i < vector.length; i++) {
            boolean missing = Float.isNaN(vector[i]);
            keys[keyPosition(i, false)] = missing ? Integer.MAX_VALUE : key(vector[i]);
            keys[keyPosition(i, true)] = missing ? Integer.MIN_VALUE : key(vector[i]);
        }
        return keys;
    }

    private static int keyPosition(int feature, boolean missingGoesToYes) {
        return 2 * feature + (missingGoesToYes ? 1 : 0);
    }

    /** An int that compares with others as the floats do, -0 and 0 being equal. */
    private static int key(float value) {
        int bits = Float.floatToRawIntBits(value + 0f);
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    @Override
    public long ramBytesUsed() {
        return RamUsageEstimator.sizeOf(nodes)
                + RamUsageEstimator.sizeOf(roots)
                + RamUsageEstimator.sizeOf(depths);
    }

    /**
     * Lays trees out, one after the other: reserves a place for every node, parents before
     * children, and fills each place once, as a leaf or as a split.
     */
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
            nodes[place] = 0;
            nodes[place + THRESHOLD] = Integer.MIN_VALUE; // no key is below it
            nodes[place + YES] = place - NODE_INTS; // so this leads to the leaf itself
            nodes[place + VALUE] = Float.floatToRawIntBits(value);
        }

        void split(int place, int feature, float threshold, int yes, boolean missingGoesToYes) {
            nodes[place] = keyPosition(feature, missingGoesToYes);
            nodes[place + THRESHOLD] = key(threshold);
            nodes[place + YES] = yes;
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
            while (trees % WALKS != 0) {
                leaf(root(), 0);
            }
            int[] depths = new int[trees / WALKS];
            for (int tree = 0; tree < trees; tree++) {
                depths[tree / WALKS] = Math.max(depths[tree / WALKS], depth(tree));
            }
            return new TreeEnsemble(
                    Arrays.copyOf(nodes, used),
                    Arrays.copyOf(roots, trees),
                    depths,
                    objective,
                    missingValue);
        }

        private int depth(int tree) {
            int start = roots[tree];
            int end = tree + 1 < trees ? roots[tree + 1] : used;
            int[] depths = new int[(end - start) / NODE_INTS];
            int deepest = 0;
            for (int place = start; place < end; place += NODE_INTS) {
                int depth = depths[(place - start) / NODE_INTS];
                int yes = nodes[place + YES];
                if (yes > place) {
                    depths[(yes - start) / NODE_INTS] = depth + 1;
                    depths[(no(yes) - start) / NODE_INTS] = depth + 1;
                }
                deepest = Math.max(deepest, depth);
            }
            return deepest;
        }
    }
}
