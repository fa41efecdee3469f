package org.ltrplugin.engine;

import java.util.Arrays;

/**
 * Lays trees out, one after the other: reserves a place for every node, parents before children, and fills each place
 * once, as a leaf or as a split.
 */
final class TreeBuilder {
    private int[] nodes = new int[64 * TreeEnsemble.NODE_INTS];
    private int used;
    private double[] leaves = new double[32];
    private int leafCount;
    private int[] roots = new int[16];
    private int trees;
    private int largestKey = -1;

    boolean isEmpty() {
        return trees == 0;
    }

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
        return yes + TreeEnsemble.NODE_INTS;
    }

    void leaf(int place, double value) {
        if (leafCount == leaves.length) {
            leaves = Arrays.copyOf(leaves, leafCount + (leafCount >> 1));
        }
        leaves[leafCount] = value;
        nodes[place + TreeEnsemble.YES] = place - TreeEnsemble.NODE_INTS; // no child leads to the leaf itself
        nodes[place + TreeEnsemble.LEAF] = leafCount++;
    }

    /** A split that values below the threshold pass to yes. */
    void split(int place, int feature, float threshold, int yes, boolean missingGoesToYes) {
        int key = ThresholdRanks.key(feature, missingGoesToYes);
        largestKey = Math.max(largestKey, key);
        nodes[place + TreeEnsemble.ROW] = key;
        nodes[place + TreeEnsemble.RANK] = Float.floatToRawIntBits(threshold);
        nodes[place + TreeEnsemble.YES] = yes;
        nodes[place + TreeEnsemble.LEAF] = -1;
    }

    private int reserve(int count) {
        int place = used;
        used += count * TreeEnsemble.NODE_INTS;
        Limits.checkTreeNodes(used / TreeEnsemble.NODE_INTS);
        if (used > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(used, nodes.length + (nodes.length >> 1)));
        }
        return place;
    }

    TreeEnsemble build(String name, Objective objective, float missingValue) {
        while (trees % TreeEnsemble.WALKS != 0) {
            leaf(root(), 0);
        }
        ThresholdRanks ranks = rankThresholds();
        int[] laidOut = Arrays.copyOf(nodes, used);
        int[] starts = Arrays.copyOf(roots, trees);
        return new TreeEnsemble(
                name, ranks, laidOut, starts, Arrays.copyOf(leaves, leafCount), objective, missingValue);
    }

    /** Turns the thresholds of all splits into ranks, in place. */
    private ThresholdRanks rankThresholds() {
        int[] counts = new int[largestKey + 1];
        for (int place = 0; place < used; place += TreeEnsemble.NODE_INTS) {
            if (isSplit(place)) {
                counts[nodes[place + TreeEnsemble.ROW]]++;
            }
        }
        float[][] thresholds = new float[counts.length][];
        for (int place = 0; place < used; place += TreeEnsemble.NODE_INTS) {
            if (isSplit(place)) {
                int key = nodes[place + TreeEnsemble.ROW];
                if (thresholds[key] == null) {
                    thresholds[key] = new float[counts[key]];
                }
                thresholds[key][--counts[key]] = Float.intBitsToFloat(nodes[place + TreeEnsemble.RANK]);
            }
        }
        ThresholdRanks ranks = new ThresholdRanks(thresholds);
        for (int place = 0; place < used; place += TreeEnsemble.NODE_INTS) {
            if (isSplit(place)) {
                int row = ranks.row(nodes[place + TreeEnsemble.ROW]);
                nodes[place + TreeEnsemble.ROW] = row;
                nodes[place + TreeEnsemble.RANK] =
                        ranks.of(row, Float.intBitsToFloat(nodes[place + TreeEnsemble.RANK]));
            }
        }
        return ranks;
    }

    private boolean isSplit(int place) {
        return nodes[place + TreeEnsemble.YES] > place;
    }
}
