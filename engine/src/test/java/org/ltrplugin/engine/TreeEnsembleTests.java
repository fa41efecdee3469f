package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Walks and masks against a recursive walk over the same random trees, bit for bit. */
class TreeEnsembleTests {
    private static final int FEATURES = 12;
    private static final float[] ODD = {
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

    private sealed interface Node {
        record Leaf(float value) implements Node {}

        record Split(int feature, float threshold, boolean missingGoesToYes, Node yes, Node no) implements Node {}
    }

    /** A tree of so many leaves, grown as LightGBM does: any leaf may be the next to split. */
    private static Node grow(Random random, int leaves) {
        if (leaves == 1) {
            return new Node.Leaf((float) random.nextGaussian());
        }
        int yes = random.nextInt(4) == 0 ? 1 : 1 + random.nextInt(leaves - 1);
        return new Node.Split(
                random.nextInt(FEATURES),
                threshold(random),
                random.nextBoolean(),
                grow(random, yes),
                grow(random, leaves - yes));
    }

    /** Mostly from a small grid, so that values meet thresholds exactly. */
    private static float threshold(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> ODD[3 + random.nextInt(ODD.length - 3)];
            case 1 -> (float) random.nextGaussian();
            default -> random.nextInt(-4, 5) / 2f;
        };
    }

    private static float walk(Node node, float[] vector) {
        return switch (node) {
            case Node.Leaf leaf -> leaf.value();
            case Node.Split split -> {
                float value = vector[split.feature()];
                boolean yes = Float.isNaN(value) ? split.missingGoesToYes() : value < split.threshold();
                yield walk(yes ? split.yes() : split.no(), vector);
            }
        };
    }

    private static void place(TreeBuilder builder, int place, Node node) {
        switch (node) {
            case Node.Leaf leaf -> builder.setLeaf(place, leaf.value());
            case Node.Split split -> {
                int yes = builder.addChildren();
                builder.setSplit(place, split.feature(), split.threshold(), yes, split.missingGoesToYes());
                place(builder, yes, split.yes());
                place(builder, TreeBuilder.noChild(yes), split.no());
            }
        }
    }

    private static TreeEnsemble ensemble(List<Node> trees, Objective objective) {
        TreeBuilder builder = new TreeBuilder();
        trees.forEach(tree -> place(builder, builder.addTree(), tree));
        return builder.build("test", objective, Float.NaN);
    }

    private static float[] vector(Random random) {
        float[] vector = new float[FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            vector[i] = random.nextInt(4) == 0 ? ODD[random.nextInt(ODD.length)] : threshold(random);
        }
        return vector;
    }

    private static List<Node> trees(Random random, int count, int leaves) {
        List<Node> trees = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            trees.add(grow(random, 1 + random.nextInt(leaves)));
        }
        return trees;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 32, 33, 64, 200, 256, 257, 700})
    void sumsTheLeavesThatARecursiveWalkFinds(int leaves) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            List<Node> trees = trees(random, 1 + random.nextInt(20), leaves);
            trees.add(grow(random, leaves));
            TreeEnsemble ensemble = ensemble(trees, Objective.RAW);
            int count = 1 + random.nextInt(200);
            float[][] vectors = new float[count][];
            float[] expected = new float[count];
            for (int i = 0; i < count; i++) {
                vectors[i] = vector(random);
                for (Node tree : trees) {
                    expected[i] += walk(tree, vectors[i]);
                }
                assertSame(expected[i], ensemble.score(vectors[i]), seed);
            }
            float[] scores = new float[count + 3];
            ensemble.score(vectors, count, scores);
            for (int i = 0; i < count; i++) {
                assertSame(expected[i], scores[i], seed);
            }
        }
    }

    private static void assertSame(float expected, float actual, long seed) {
        assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual), "seed " + seed);
    }

    @Test
    void chainsAreWalkedAndMasked() {
        for (int depth : new int[] {40, 255, 480}) {
            Node tree = new Node.Leaf(-1);
            for (int i = depth; i > 0; i--) {
                Node leaf = new Node.Leaf(i);
                tree = i % 2 == 0 ? new Node.Split(0, i, true, leaf, tree) : new Node.Split(1, -i, false, tree, leaf);
            }
            TreeEnsemble ensemble = ensemble(List.of(tree), Objective.RAW);
            float[][] vectors = new float[300][];
            for (int i = 0; i < vectors.length; i++) {
                vectors[i] = new float[FEATURES];
                vectors[i][0] = 2 * i;
                vectors[i][1] = -700 + i;
            }
            float[] scores = new float[vectors.length];
            ensemble.score(vectors, vectors.length, scores);
            for (int i = 0; i < vectors.length; i++) {
                assertEquals(walk(tree, vectors[i]), scores[i]);
                assertEquals(walk(tree, vectors[i]), ensemble.score(vectors[i]));
            }
        }
    }

    @Test
    void infinityIsAValueAndNotMissing() {
        Node split = new Node.Split(0, 1, true, new Node.Leaf(1), new Node.Leaf(2));
        TreeEnsemble ensemble = ensemble(List.of(split), Objective.RAW);
        float[] vector = new float[FEATURES];
        vector[0] = Float.POSITIVE_INFINITY;
        assertEquals(2, ensemble.score(vector));
        vector[0] = Float.NaN;
        assertEquals(1, ensemble.score(vector));
    }

    @Test
    void logisticIsComputedInDouble() {
        TreeEnsemble ensemble = ensemble(List.of(new Node.Leaf(-20)), Objective.LOGISTIC);
        float expected = (float) (1 / (1 + Math.exp(20)));
        assertEquals(expected, ensemble.score(new float[FEATURES]));
        float[] scores = new float[100];
        ensemble.score(new float[100][FEATURES], 100, scores);
        assertEquals(expected, scores[99]);
    }

    @Test
    void weighsWhatItsArraysTake() {
        Random random = new Random(3);
        for (int leaves : new int[] {1, 31, 300}) {
            TreeEnsemble ensemble = ensemble(trees(random, 50, leaves), Objective.RAW);
            assertEquals(RamUsageTester.of(ensemble), ensemble.ramBytesUsed());
        }
        assertNotEquals(0, RamUsageTester.of(new float[3]));
    }

    @Test
    void aModelMayNotHaveMoreNodesThanTheNodeCanBear() {
        TreeBuilder builder = new TreeBuilder();
        assertThrows(IllegalArgumentException.class, () -> {
            for (int i = 0; i <= Limits.MAX_TREE_NODES; i++) {
                builder.setLeaf(builder.addTree(), 0);
            }
        });
    }
}
