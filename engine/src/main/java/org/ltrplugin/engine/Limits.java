package org.ltrplugin.engine;

/** Limits that keep a single request from taking the node down. What goes beyond one is refused with status 400. */
final class Limits {
    /** XContent itself allows no more than about this many nested splits; the limit is ours where a node's is higher. */
    static final int MAX_TREE_DEPTH = 480;

    static final int MAX_TREE_NODES = 2_000_000;

    /** Of a RankLib model that is a line of weights. */
    static final int MAX_LINE_CHARS = 1_000_000;

    /** Of a feature set; what _addfeatures may make is less, as in the original. */
    static final int MAX_FEATURES = 100_000;

    /** Of what all features of a set and the ranker of a model may weigh when compiled. */
    static final long MAX_COMPILED_BYTES = Runtime.getRuntime().maxMemory() / 8;

    static final int MAX_EXPRESSION_OPERATORS = 4_000;
    static final int MAX_EXPRESSION_CHARS = 100_000;

    static final int MAX_TEMPLATE_CHARS = 1_000_000;
    static final int MAX_TEMPLATE_SECTION_DEPTH = 50;
    static final int MAX_RENDERED_CHARS = 10_000_000;
    static final int MAX_SECTION_REPETITIONS = 1_000_000;

    /** An sltr query may have features that are sltr queries; a set that reaches itself would never end. */
    static final int MAX_QUERY_DEPTH = 5;

    private Limits() {}

    /** Throws IllegalArgumentException for a node with more splits above it than a tree may have. */
    static void checkTreeDepth(int depth) {
        if (depth > MAX_TREE_DEPTH) {
            throw new IllegalArgumentException("a tree is deeper than " + MAX_TREE_DEPTH + " splits");
        }
    }

    /** Throws IllegalArgumentException for more nodes than all trees of a model may have. */
    static void checkTreeNodes(int nodes) {
        if (nodes > MAX_TREE_NODES) {
            throw new IllegalArgumentException("a model has more than " + MAX_TREE_NODES + " tree nodes");
        }
    }
}
