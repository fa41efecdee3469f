package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random regression trees and vectors, and a recursive walk that scores them. */
final class RandomTrees {
    static final int FEATURES = 12;

    private static final float[] EDGE_VALUES = {
        Float.NaN,
        Float.NEGATIVE_INFINITY,
        Float.POSITIVE_INFINITY,
        -0f,
        0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MAX_VALUE,
        -Float.MAX_VALUE
    };

    /** The index of the first finite edge value. */
    private static final int FINITE = 3;

    sealed interface Node {
        record Leaf(float value) implements Node {}

        record Split(int feature, float threshold, boolean missingGoesToYes, Node yes, Node no) implements Node {}
    }

    /** Whether a value passes to the yes side of a split. */
    interface Condition {
        boolean isYes(Node.Split split, float value);
    }

    static final Condition XGBOOST =
            (split, value) -> Float.isNaN(value) ? split.missingGoesToYes() : value < split.threshold();

    /** RankLib has no missing values. */
    static final Condition RANKLIB = (split, value) -> (Float.isNaN(value) ? 0 : value) <= split.threshold();

    private final Random random;

    RandomTrees(Random random) {
        this.random = random;
    }

    /** A tree that often has deep and uneven branches, as those of LightGBM. */
    Node tree(int leaves) {
        if (leaves == 1) {
            return new Node.Leaf((float) random.nextGaussian());
        }
        int yesLeaves = random.nextInt(4) == 0 ? 1 : 1 + random.nextInt(leaves - 1);
        return new Node.Split(
                random.nextInt(FEATURES), threshold(), random.nextBoolean(), tree(yesLeaves), tree(leaves - yesLeaves));
    }

    List<Node> trees(int count, int maxLeaves) {
        List<Node> trees = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            trees.add(tree(1 + random.nextInt(maxLeaves)));
        }
        return trees;
    }

    /** Mostly from a coarse grid, so that values are often equal to thresholds. */
    private float threshold() {
        return switch (random.nextInt(10)) {
            case 0 -> EDGE_VALUES[random.nextInt(FINITE, EDGE_VALUES.length)];
            case 1 -> (float) random.nextGaussian();
            default -> random.nextInt(-4, 5) / 2f;
        };
    }

    float[] vector() {
        float[] vector = new float[FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            vector[i] = random.nextInt(4) == 0 ? EDGE_VALUES[random.nextInt(EDGE_VALUES.length)] : threshold();
        }
        return vector;
    }

    float[][] vectors(int count) {
        float[][] vectors = new float[count][];
        for (int i = 0; i < count; i++) {
            vectors[i] = vector();
        }
        return vectors;
    }

    /** The leaf that a vector reaches. */
    static float walk(Node node, float[] vector, Condition condition) {
        return switch (node) {
            case Node.Leaf leaf -> leaf.value();
            case Node.Split split ->
                walk(condition.isYes(split, vector[split.feature()]) ? split.yes() : split.no(), vector, condition);
        };
    }

    /** The float32 sum of the leaves that a vector reaches. */
    static float sum(List<Node> trees, float[] vector) {
        float sum = 0;
        for (Node tree : trees) {
            sum += walk(tree, vector, XGBOOST);
        }
        return sum;
    }

    static TreeEnsemble build(List<Node> trees, Objective objective) {
        TreeBuilder builder = new TreeBuilder();
        trees.forEach(tree -> add(builder, builder.addTree(), tree));
        return builder.build("test", objective, Float.NaN);
    }

    private static void add(TreeBuilder builder, int target, Node node) {
        switch (node) {
            case Node.Leaf leaf -> builder.setLeaf(target, leaf.value());
            case Node.Split split -> {
                int yesChild = builder.addChildren();
                builder.setSplit(target, split.feature(), split.threshold(), yesChild, split.missingGoesToYes());
                add(builder, yesChild, split.yes());
                add(builder, TreeBuilder.noChild(yesChild), split.no());
            }
        }
    }
}
