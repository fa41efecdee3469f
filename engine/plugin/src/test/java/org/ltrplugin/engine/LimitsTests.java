package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.core.xcontent.XContentParser;

/** Input beyond a limit fails with an IllegalArgumentException, and input just within it does not exhaust a stack. */
class LimitsTests {
    private static void assertRefused(String message, Executable input) {
        Exception failure = assertThrows(Exception.class, input);
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
    }

    private static void parseRankLib(int depth) throws IOException {
        String leaf = "<split><output>1</output></split>";
        String split = "<split><feature>1</feature><threshold>1</threshold>" + leaf;
        String tree = split.repeat(depth) + leaf + "</split>".repeat(depth);
        String model = "## MART\n<ensemble><tree weight=\"1\">" + tree + "</tree></ensemble>";
        RankerAssertions.parse("model/ranklib", model, "a");
    }

    private static void parseXGBoostRaw(int depth) throws IOException {
        int size = 2 * depth + 1;
        int[] left = IntStream.range(0, size)
                .map(node -> node < depth ? node + 1 : -1)
                .toArray();
        int[] right = IntStream.range(0, size)
                .map(node -> node < depth ? depth + 1 + node : -1)
                .toArray();
        List<Integer> zeros = Collections.nCopies(size, 0);
        String model = """
            {"learner":{"feature_names":["a"],"feature_types":["float"],"objective":{"name":"rank:ndcg"},
             "gradient_booster":{"model":{"trees":[{"left_children":%s,"right_children":%s,"split_indices":%s,
              "split_conditions":%s,"default_left":%s}]}}}}\
            """.formatted(Arrays.toString(left), Arrays.toString(right), zeros, zeros, zeros);
        RankerAssertions.parse("model/xgboost+json+raw", model, "a");
    }

    private static void parseXGBoost(int depth) throws IOException {
        String split = """
            {"nodeid":0,"depth":0,"split":"a","split_condition":1,"yes":1,"no":0,"children":[{"nodeid":1,"leaf":1},\
            """;
        String model = "[" + split.repeat(depth) + "{\"nodeid\":0,\"leaf\":1}" + "]}".repeat(depth) + "]";
        RankerAssertions.parse("model/xgboost+json", model, "a");
    }

    @Test
    void depthOfTrees() throws IOException {
        parseRankLib(Limits.MAX_TREE_DEPTH);
        parseXGBoostRaw(Limits.MAX_TREE_DEPTH);
        parseXGBoost(400);
        assertRefused("more than 480 levels of splits", () -> parseRankLib(Limits.MAX_TREE_DEPTH + 1));
        assertRefused("more than 480 levels of splits", () -> parseXGBoostRaw(Limits.MAX_TREE_DEPTH + 1));
        assertThrows(Exception.class, () -> parseXGBoost(100_000));
    }

    @Test
    void nodesOfAModel() {
        TreeBuilder builder = new TreeBuilder();
        assertRefused("more than 2000000 tree nodes", () -> {
            for (int i = 0; i <= Limits.MAX_TREE_NODES; i++) {
                builder.setLeaf(builder.addTree(), 0);
            }
        });
        String zeros = "0" + ",0".repeat(6 * (Limits.MAX_TREE_NODES + 1));
        String model =
                "{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":[{\"left_children\":[" + zeros + "]}]}}}}";
        assertRefused(
                "more than 2000000 tree nodes", () -> RankerAssertions.parse("model/xgboost+json+raw", model, "a"));
    }

    @Test
    void lengthOfALinearRankLibModel() {
        String model = "## Coordinate Ascent\n" + "1:1 ".repeat(Limits.MAX_LINEAR_MODEL_CHARS / 4 + 1);
        assertRefused("more than 1000000 characters", () -> RankerAssertions.parse("model/ranklib", model, "a"));
    }

    private static DerivedFeature compileExpression(String expression) {
        return DerivedFeature.compile(
                new Feature("d", List.of(), DerivedFeature.LANGUAGE, new JsonText(expression, false)));
    }

    @Test
    void expressionsWithinTheLimitsDoNotOverflowTheStack() {
        compileExpression("1" + "+1".repeat(Limits.MAX_EXPRESSION_OPERATORS));
        for (String expression : List.of(
                "(".repeat(1_900) + "1" + ")".repeat(1_900),
                "-".repeat(3_900) + "1",
                "1<".repeat(3_900) + "1",
                "abs(".repeat(3_900) + "1" + ")".repeat(3_900))) {
            try {
                compileExpression(expression);
            } catch (IllegalArgumentException e) {
                assertTrue(e.getMessage().contains("does not compile"), e.getMessage());
            }
        }
    }

    @Test
    void lengthOfAnExpression() {
        assertRefused("is too long", () -> compileExpression("1" + "+1".repeat(Limits.MAX_EXPRESSION_OPERATORS + 1)));
        assertRefused("is too long", () -> compileExpression("a".repeat(Limits.MAX_EXPRESSION_CHARS + 1)));
    }

    @Test
    void sizeOfATemplate() {
        MustacheTemplate.compile("x".repeat(Limits.MAX_TEMPLATE_CHARS));
        assertRefused(
                "a template has [1000001] characters, at most [1000000] are allowed",
                () -> MustacheTemplate.compile("x".repeat(Limits.MAX_TEMPLATE_CHARS + 1)));
    }

    @ParameterizedTest
    @ValueSource(ints = {Limits.MAX_TEMPLATE_SECTION_DEPTH + 1, 50_000})
    void nestedSectionsOfATemplate(int depth) {
        MustacheTemplate.compile("{{#a}}".repeat(45) + "{{/a}}".repeat(45));
        assertRefused(
                "more than 50 nested sections",
                () -> MustacheTemplate.compile("{{#a}}".repeat(depth) + "{{/a}}".repeat(depth)));
    }

    @Test
    void sizeOfARenderedTemplate() {
        MustacheTemplate template = MustacheTemplate.compile("{{#l}}{{#l}}" + "x".repeat(100) + "{{/l}}{{/l}}");
        assertEquals(100 * 100 * 100, template.render(params(100)).length());
        assertRefused("more than 10000000 characters", () -> template.render(params(400)));
    }

    /** Also for sections that write nothing, and inside functions. */
    @ParameterizedTest
    @ValueSource(strings = {"", "{{#url}}{{#l}}{{/l}}{{/url}}"})
    void repetitionsOfSections(String inner) {
        MustacheTemplate template = MustacheTemplate.compile("{{#l}}".repeat(3) + inner + "{{/l}}".repeat(3));
        assertDoesNotThrow(() -> template.render(params(20)));
        assertRefused("repeats sections more than 1000000 times", () -> template.render(params(200)));
    }

    private static Map<String, Object> params(int size) {
        return Map.of("l", Collections.nCopies(size, "a"));
    }

    @Test
    void featuresOfASet() throws IOException {
        List<String> features = new ArrayList<>();
        for (int i = 0; i <= Limits.MAX_FEATURES; i++) {
            features.add("{\"name\":\"f" + i + "\",\"template\":\"\"}");
        }
        try (XContentParser parser = new JsonText("{\"features\":" + features + "}", true).parser()) {
            parser.nextToken();
            Exception failure = assertThrows(Exception.class, () -> FeatureSet.parse(parser, "s"));
            assertEquals(
                    "a set has more than 100000 features", failure.getCause().getMessage());
        }
    }

    @Test
    void sizeOfACompiledSet() {
        int codes = (int) (Limits.MAX_COMPILED_BYTES / 230 / 2);
        String template = "{{a}}".repeat(Math.min(codes, Limits.MAX_TEMPLATE_CHARS / 5));
        List<Feature> features = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            features.add(new Feature("f" + i, List.of(), Feature.MUSTACHE, new JsonText(template, false)));
        }
        assertRefused("take more than", () -> CompiledModel.of(new FeatureSet("s", features)));
    }
}
