package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;
import static org.ltrplugin.engine.RankerAssertions.score;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ltrplugin.engine.RandomTrees.Node;

class XGBoostJsonParserTests {
    private static final String TREE = """
        {"nodeid":0,"depth":0,"split":"a","split_condition":"0.5","yes":1,"no":2,"missing":2,
         "children":[{"nodeid":1,"leaf":1},{"nodeid":2,"leaf":2}]}\
        """;

    private static Ranker parse(String definition) throws IOException {
        return RankerAssertions.parse("model/xgboost+json", definition, "a", "b");
    }

    @Test
    void values() throws IOException {
        Ranker ranker = parse("[" + TREE + "]");
        assertEquals("naive_additive_decision_tree", ranker.name());
        assertTrue(Float.isNaN(ranker.missingValue()));
        assertEquals(1, score(ranker, 0.4f, 0));
        assertEquals(2, score(ranker, 0.5f, 0));
        assertEquals(2, score(ranker, Float.NaN, 0));
    }

    @Test
    void aSplitWithoutMissingSendsMissingValuesToNo() throws IOException {
        assertEquals(2, score(parse("[" + TREE.replace("\"missing\":2,", "") + "]"), Float.NaN, 0));
        assertEquals(1, score(parse("[" + TREE.replace("\"missing\":2", "\"missing\":1") + "]"), Float.NaN, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear"})
    void rawObjectivesKeepTheSum(String objective) throws IOException {
        String model = "{\"objective\":\"%s\",\"splits\":[%s,%s]}".formatted(objective, TREE, TREE);
        assertEquals(4, score(parse(model), 1, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary:logistic", "reg:logistic"})
    void logisticObjectives(String objective) throws IOException {
        String model = "{\"objective\":\"%s\",\"splits\":[%s]}".formatted(objective, TREE);
        assertEquals((float) (1 / (1 + Math.exp(-2))), score(parse(model), 1, 0));
    }

    @Test
    void missingAsZero() throws IOException {
        assertEquals(
                0, parse("{\"missing_as_zero\":true,\"splits\":[" + TREE + "]}").missingValue());
    }

    @Test
    void randomTreesScoreAsARecursiveWalk() throws IOException {
        Random random = TestRandom.create();
        RandomTrees generator = new RandomTrees(random);
        for (int round = 0; round < 20; round++) {
            List<Node> trees = generator.trees(1 + random.nextInt(10), 40);
            String dump = trees.stream().map(tree -> dump(tree, 0, 0)).collect(Collectors.joining(",", "[", "]"));
            String[] features = IntStream.range(0, RandomTrees.FEATURES)
                    .mapToObj(i -> "f" + i)
                    .toArray(String[]::new);
            Ranker ranker = RankerAssertions.parse("model/xgboost+json", dump, features);
            for (float[] vector : generator.vectors(50)) {
                assertSameBits(RandomTrees.sum(trees, vector), score(ranker, vector));
            }
        }
    }

    /** Node ids need only be different among siblings. */
    private static String dump(Node node, int id, int depth) {
        return switch (node) {
            case Node.Leaf leaf -> "{\"nodeid\":%d,\"leaf\":%s}".formatted(id, leaf.value());
            case Node.Split split ->
                """
                {"nodeid":%d,"depth":%d,"split":"f%d","split_condition":%s,"yes":1,"no":2,"missing":%d,\
                "children":[%s,%s]}\
                """.formatted(
                                id,
                                depth,
                                split.feature(),
                                split.threshold(),
                                split.missingGoesToYes() ? 1 : 2,
                                dump(split.yes(), 1, depth + 1),
                                dump(split.no(), 2, depth + 1));
        };
    }

    /** Each case replaces a part of the valid tree; the message must name the problem. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "\"split\":\"a\"; \"split\":\"z\"; unknown feature [z]",
                "\"0.5\"; \"NaN\"; [split_condition] must be a finite float32 number, got [NaN]",
                "\"leaf\":1; \"leaf\":1e39; [leaf] must be a finite float32 number, got [1e39]",
                "\"nodeid\":0,; ``; has no [nodeid]",
                "\"depth\":0,; ``; must have [leaf], or all of [depth], [split]",
                "\"yes\":1,\"no\":2; \"yes\":2,\"no\":1; must have the [yes] node first",
                "\"missing\":2; \"missing\":3; must have the same [missing] as [yes] or [no]",
                "\"depth\":0; \"depth\":0,\"leaf\":1; is both a leaf and a split",
                "\"depth\":0; \"depth\":0,\"gain\":1; unknown field [gain] in a tree node",
                ",{\"nodeid\":2,\"leaf\":2}; ``; a tree node must be an object",
                "\"leaf\":2}; \"leaf\":2},{\"nodeid\":3,\"leaf\":3}; exactly two children",
                "\"leaf\":2}]; \"leaf\":2}],\"children\":[]; Duplicate field 'children'",
            })
    void invalidTrees(String part, String replacement, String message) {
        assertTrue(TREE.contains(part), part);
        assertFails("[" + TREE.replace(part, replacement) + "]", message);
    }

    @Test
    void invalidModels() {
        assertFails("[]", "must have at least one tree");
        assertFails("{}", "must have at least one tree");
        assertFails("1", "must be an array of trees");
        assertFails("{\"splits\":{}}", "[splits] must be an array of trees");
        assertFails("{\"trees\":[]}", "unknown field [trees] in an XGBoost model");
        assertFails("{\"objective\":\"rank:other\",\"splits\":[]}", "unsupported objective [rank:other]");
    }

    private static void assertFails(String definition, String message) {
        Exception failure = assertThrows(Exception.class, () -> parse(definition), definition);
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
    }
}
