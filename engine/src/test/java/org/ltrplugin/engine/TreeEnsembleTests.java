package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The flat walk against a recursive one over the same random trees. */
class TreeEnsembleTests {
    private static final int FEATURES = 12;

    private sealed interface Node {
        record Leaf(float value) implements Node {}

        record Split(int feature, float threshold, boolean missingGoesToYes, Node yes, Node no)
                implements Node {}
    }

    private static Node grow(Random random, int depth) {
        if (depth == 0 || random.nextInt(8) == 0) {
            return new Node.Leaf((float) random.nextGaussian());
        }
        // Thresholds from a small grid, so that values meet them exactly.
        float threshold = random.nextInt(-4, 5) / 2f;
        return new Node.Split(
                random.nextInt(FEATURES),
                threshold,
                random.nextBoolean(),
                grow(random, depth - 1),
                grow(random, depth - 1));
    }

    private static float walk(Node node, float[] vector) {
        return switch (node) {
            case Node.Leaf leaf -> leaf.value();
            case Node.Split split -> {
                float value = vector[split.feature()];
                boolean yes =
                        Float.isNaN(value) ? split.missingGoesToYes() : value < split.threshold();
                yield walk(yes ? split.yes() : split.no(), vector);
            }
        };
    }

    private static void place(TreeEnsemble.Builder builder, int place, Node node) {
        switch (node) {
            case Node.Leaf leaf -> builder.leaf(place, leaf.value());
            case Node.Split split -> {
                int yes = builder.pair();
                builder.split(
                        place, split.feature(), split.threshold(), yes, split.missingGoesToYes());
                place(builder, yes, split.yes());
                place(builder, TreeEnsemble.Builder.no(yes), split.no());
            }
        }
    }

    private static TreeEnsemble ensemble(List<Node> trees, TreeEnsemble.Objective objective) {
        TreeEnsemble.Builder builder = new TreeEnsemble.Builder();
        trees.forEach(tree -> place(builder, builder.root(), tree));
        return builder.build(objective, Float.NaN);
    }

    private static float[] vector(Random random, double missing) {
        float[] vector = new float[FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            vector[i] = random.nextDouble() < missing ? Float.NaN : random.nextInt(-5, 6) / 2f;
        }
        return vector;
    }

    @Test
    void sumsTheLeavesThatARecursiveWalkFinds() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Node> trees = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            trees.add(grow(random, random.nextInt(9)));
        }
        TreeEnsemble ensemble = ensemble(trees, TreeEnsemble.Objective.RAW);
        for (double missing : new double[] {0, 0.3, 1}) {
            for (int i = 0; i < 500; i++) {
                float[] vector = vector(random, missing);
                float expected = 0;
                for (Node tree : trees) {
                    expected += walk(tree, vector);
                }
                assertEquals(expected, ensemble.score(vector), "seed " + seed);
            }
        }
    }

    @Test
    void infinityIsAValueAndNotMissing() {
        Node split = new Node.Split(0, 1, true, new Node.Leaf(1), new Node.Leaf(2));
        TreeEnsemble ensemble = ensemble(List.of(split), TreeEnsemble.Objective.RAW);
        float[] vector = new float[FEATURES];
        vector[0] = Float.POSITIVE_INFINITY;
        assertEquals(2, ensemble.score(vector));
        vector[0] = Float.NaN;
        assertEquals(1, ensemble.score(vector));
    }

    @Test
    void logisticIsComputedInDouble() {
        TreeEnsemble ensemble =
                ensemble(List.of(new Node.Leaf(-20)), TreeEnsemble.Objective.LOGISTIC);
        assertEquals((float) (1 / (1 + Math.exp(20))), ensemble.score(new float[FEATURES]));
    }

    @Test
    void parserAndBuilderAgree() throws Exception {
        Map<String, Integer> ordinals = new LinkedHashMap<>(Map.of("a", 0));
        String model =
                """
                [{"nodeid":0,"depth":0,"split":"a","split_condition":"0.5","yes":1,"no":2,"missing":2,
                  "children":[{"nodeid":1,"leaf":1},{"nodeid":2,"leaf":2}]}]\
                """;
        Ranker ranker = new XGBoostParser().parse(new JsonText(model, false), ordinals);
        assertEquals(1, ranker.score(new float[] {0.4f}));
        assertEquals(2, ranker.score(new float[] {0.5f}));
        assertEquals(2, ranker.score(new float[] {Float.NaN}));
    }
}
