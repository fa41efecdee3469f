package org.ltrplugin.engine;

/**
 * Limits on what one request can make the node do. A request that exceeds a limit gets status 400 instead of exhausting
 * the memory or a stack of the node.
 */
final class Limits {
    /** XContent allows about this many nested splits by default; this limit holds where a node allows more. */
    static final int MAX_TREE_DEPTH = 480;

    /** For all trees of a model together. */
    static final int MAX_TREE_NODES = 2_000_000;

    /** For a RankLib model that is one line of weights. */
    static final int MAX_LINEAR_MODEL_CHARS = 1_000_000;

    /**
     * For a feature set, and for all sltr queries of a search on a shard together. The limit of _addfeatures is lower,
     * as in the OpenSearch Learning to Rank plugin.
     */
    static final int MAX_FEATURES = 100_000;

    /** For all compiled features of a set, together with the ranker of a model. */
    static final long MAX_COMPILED_BYTES = Runtime.getRuntime().maxMemory() / 8;

    static final int MAX_EXPRESSION_OPERATORS = 4_000;
    static final int MAX_EXPRESSION_CHARS = 100_000;

    static final int MAX_TEMPLATE_CHARS = 1_000_000;
    static final int MAX_TEMPLATE_SECTION_DEPTH = 50;

    /** For one feature, and for all features of a search on a shard together, in which expressions count too. */
    static final int MAX_RENDERED_CHARS = 10_000_000;

    static final int MAX_SECTION_REPETITIONS = 1_000_000;

    /** For sltr queries inside the features of sltr queries. Without it, a set that contains itself never ends. */
    static final int MAX_QUERY_DEPTH = 5;

    private Limits() {}

    /** Throws IllegalArgumentException when a node has more splits above it than {@link #MAX_TREE_DEPTH}. */
    static void checkTreeDepth(int depth) {
        if (depth > MAX_TREE_DEPTH) {
            throw new IllegalArgumentException("a tree has more than " + MAX_TREE_DEPTH + " levels of splits");
        }
    }

    /** Throws IllegalArgumentException when a model has more nodes than {@link #MAX_TREE_NODES}. */
    static void checkTreeNodes(int nodes) {
        if (nodes > MAX_TREE_NODES) {
            throw new IllegalArgumentException("a model has more than " + MAX_TREE_NODES + " tree nodes");
        }
    }
}
