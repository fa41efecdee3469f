package org.ltrplugin.engine;

import java.util.Arrays;

/**
 * Builds a {@link TreeEnsemble}. A caller adds nodes, parents before children, and sets each node once, to a leaf or to
 * a split. A node is identified by its offset in the array of nodes.
 */
final class TreeBuilder {
    private int[] nodes = new int[64 * TreeEnsemble.NODE_INTS];
    private int used;
    private double[] leaves = new double[32];
    private int leafCount;
    private int[] roots = new int[16];
    private int treeCount;
    private int largestKey = -1;

    boolean isEmpty() {
        return treeCount == 0;
    }

    /** Adds a tree and returns its root. */
    int addTree() {
        if (treeCount == roots.length) {
            roots = Arrays.copyOf(roots, 2 * treeCount);
        }
        return roots[treeCount++] = addNodes(1);
    }

    /** Adds the two children of a split and returns the yes child; {@link #noChild} gives the other one. */
    int addChildren() {
        return addNodes(2);
    }

    /** The no child that belongs to a yes child. */
    static int noChild(int yesChild) {
        return yesChild + TreeEnsemble.NODE_INTS;
    }

    void setLeaf(int node, double value) {
        if (leafCount == leaves.length) {
            leaves = Arrays.copyOf(leaves, leafCount + (leafCount >> 1));
        }
        leaves[leafCount] = value;
        nodes[node + TreeEnsemble.YES] = node - TreeEnsemble.NODE_INTS; // the no child of a leaf is the leaf itself
        nodes[node + TreeEnsemble.LEAF] = leafCount++;
    }

    /** Sets a split: values below the threshold go to the yes child. */
    void setSplit(int node, int feature, float threshold, int yesChild, boolean missingGoesToYes) {
        int key = ThresholdRanks.key(feature, missingGoesToYes);
        largestKey = Math.max(largestKey, key);
        nodes[node + TreeEnsemble.ROW] = key;
        nodes[node + TreeEnsemble.RANK] = Float.floatToRawIntBits(threshold);
        nodes[node + TreeEnsemble.YES] = yesChild;
        nodes[node + TreeEnsemble.LEAF] = -1;
    }

    private int addNodes(int count) {
        int first = used;
        used += count * TreeEnsemble.NODE_INTS;
        Limits.checkTreeNodes(used / TreeEnsemble.NODE_INTS);
        if (used > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(used, nodes.length + (nodes.length >> 1)));
        }
        return first;
    }

    TreeEnsemble build(String name, Objective objective, float missingValue) {
        while (treeCount % TreeEnsemble.TREES_PER_GROUP != 0) {
            setLeaf(addTree(), 0);
        }
        ThresholdRanks ranks = replaceThresholdsByRanks();
        return new TreeEnsemble(
                name,
                ranks,
                Arrays.copyOf(nodes, used),
                Arrays.copyOf(roots, treeCount),
                Arrays.copyOf(leaves, leafCount),
                objective,
                missingValue);
    }

    private ThresholdRanks replaceThresholdsByRanks() {
        int[] counts = new int[largestKey + 1];
        for (int node = 0; node < used; node += TreeEnsemble.NODE_INTS) {
            if (isSplit(node)) {
                counts[nodes[node + TreeEnsemble.ROW]]++;
            }
        }
        float[][] thresholds = new float[counts.length][];
        for (int node = 0; node < used; node += TreeEnsemble.NODE_INTS) {
            if (isSplit(node)) {
                int key = nodes[node + TreeEnsemble.ROW];
                if (thresholds[key] == null) {
                    thresholds[key] = new float[counts[key]];
                }
                thresholds[key][--counts[key]] = Float.intBitsToFloat(nodes[node + TreeEnsemble.RANK]);
            }
        }
        ThresholdRanks ranks = new ThresholdRanks(thresholds);
        for (int node = 0; node < used; node += TreeEnsemble.NODE_INTS) {
            if (isSplit(node)) {
                int row = ranks.row(nodes[node + TreeEnsemble.ROW]);
                float threshold = Float.intBitsToFloat(nodes[node + TreeEnsemble.RANK]);
                nodes[node + TreeEnsemble.ROW] = row;
                nodes[node + TreeEnsemble.RANK] = ranks.rankOfThreshold(row, threshold);
            }
        }
        return ranks;
    }

    private boolean isSplit(int node) {
        return nodes[node + TreeEnsemble.YES] > node;
    }
}
