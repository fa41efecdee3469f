package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;
import static org.ltrplugin.engine.RankerAssertions.score;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ltrplugin.engine.RandomTrees.Node;

class XGBoostRawParserTests {
    /** The names are in another order than the features of the set. Base weights are no leaf values. */
    private static final String MODEL = """
        {"version":[3,2,0],"learner":{"attributes":{},"gradient_booster":{"name":"gbtree","model":{"trees":[
         {"base_weights":[9,9,9],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],
          "default_left":[1,0,0],"split_type":[0,0,0],"split_conditions":[0.5,1,2]}]}},
         "feature_names":["b","a"],"feature_types":["float","float"],
         "objective":{"name":"rank:ndcg","lambdarank_param":{}}}}\
        """;

    private static Ranker parse(String definition) throws IOException {
        return RankerAssertions.parse("model/xgboost+json+raw", definition, "a", "b");
    }

    @Test
    void featuresAreMatchedByName() throws IOException {
        Ranker ranker = parse(MODEL);
        assertEquals(1, score(ranker, 7, 0.4f));
        assertEquals(2, score(ranker, 0, 0.5f));
        assertEquals(1, score(ranker, 7, Float.NaN));
    }

    @Test
    void missingAsZero() throws IOException {
        assertTrue(Float.isNaN(parse(MODEL).missingValue()));
        assertEquals(
                0,
                parse(MODEL.replaceFirst("\\{", "{\"missing_as_zero\":true,")).missingValue());
    }

    @Test
    void prunedNodesAreIgnored() throws IOException {
        String pruned = MODEL.replace("[1,-1,-1]", "[-1,-1,-1]").replace("[2,-1,-1]", "[-1,-1,-1]");
        assertEquals(0.5f, score(parse(pruned), 7, 7));
    }

    @Test
    void randomTreesScoreAsARecursiveWalk() throws IOException {
        Random random = TestRandom.create();
        RandomTrees generator = new RandomTrees(random);
        for (int round = 0; round < 20; round++) {
            List<Node> trees = generator.trees(1 + random.nextInt(10), 40);
            String[] features = IntStream.range(0, RandomTrees.FEATURES)
                    .mapToObj(i -> "f" + i)
                    .toArray(String[]::new);
            Ranker ranker = RankerAssertions.parse("model/xgboost+json+raw", model(trees), features);
            for (float[] vector : generator.vectors(50)) {
                assertSameBits(RandomTrees.sum(trees, vector), score(ranker, vector));
            }
        }
    }

    private static String model(List<Node> trees) {
        String names = IntStream.range(0, RandomTrees.FEATURES)
                .mapToObj(i -> "\"f" + i + "\"")
                .collect(Collectors.joining(","));
        return """
            {"learner":{"feature_names":[%s],"feature_types":[%s],"objective":{"name":"reg:linear"},
             "gradient_booster":{"name":"gbtree","model":{"trees":[%s]}}}}\
            """.formatted(
                        names,
                        names.replaceAll("f\\d+", "float"),
                        trees.stream().map(Arrays::of).map(Arrays::json).collect(Collectors.joining(",")));
    }

    /** The arrays of one tree, by node. */
    private record Arrays(
            List<Integer> left,
            List<Integer> right,
            List<Integer> features,
            List<Integer> defaultLeft,
            List<Float> conditions) {
        static Arrays of(Node tree) {
            Arrays arrays = new Arrays(
                    new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            arrays.add(tree);
            return arrays;
        }

        private int add(Node node) {
            int index = left.size();
            left.add(-1);
            right.add(-1);
            features.add(0);
            defaultLeft.add(0);
            switch (node) {
                case Node.Leaf leaf -> conditions.add(leaf.value());
                case Node.Split split -> {
                    conditions.add(split.threshold());
                    features.set(index, split.feature());
                    defaultLeft.set(index, split.missingGoesToYes() ? 1 : 0);
                    right.set(index, add(split.no()));
                    left.set(index, add(split.yes()));
                }
            }
            return index;
        }

        String json() {
            return """
                {"left_children":%s,"right_children":%s,"split_indices":%s,"default_left":%s,"split_conditions":%s}\
                """.formatted(left, right, features, defaultLeft, conditions);
        }
    }

    /** Each case replaces a part of the valid model; the message must name the problem. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[1,-1,-1]; [0,-1,-1]; tree [0] reaches node [0] twice",
                "[1,-1,-1]; [2,-1,-1]; tree [0] reaches node [2] twice",
                "[1,-1,-1]; [3,-1,-1]; tree [0] has a child [3] that does not exist",
                "[1,-1,-1]; [-5,-1,-1]; tree [0] has a child [-5] that does not exist",
                "[1,-1,-1]; [1,-1]; all of the same length",
                "default_left; default_right; [default_left], all of the same length",
                "\"split_indices\":[0,; \"split_indices\":[2,; has a split on feature [2]",
                "\"split_type\":[0,; \"split_type\":[1,; has a categorical split",
                "[0.5,1,2]; [0.5,1,1e39]; [split_conditions] must be a finite float32 number, got [1e39]",
                "[0.5,1,2]; [0.5,1,\"NaN\"]; [split_conditions] must be a finite float32 number, got [NaN]",
                "gbtree; dart; unsupported booster [dart]",
                "rank:ndcg; rank:other; unsupported objective [rank:other]",
                "\"feature_names\":[\"b\"; \"feature_names\":[\"z\"; unknown feature [z]",
                "[\"float\",\"float\"]; [\"float\"]; [learner.feature_types] must be [float]",
                "[\"float\",\"float\"]; [\"float\",\"int\"]; [learner.feature_types] must be [float]",
                "feature_names; names; a saved XGBoost model must have",
                "\"trees\":[; \"trees\":1,\"x\":[; must be a START_ARRAY",
            })
    void invalidModels(String part, String replacement, String message) {
        assertTrue(MODEL.contains(part), part);
        Exception failure = assertThrows(Exception.class, () -> parse(MODEL.replace(part, replacement)));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
    }
}
