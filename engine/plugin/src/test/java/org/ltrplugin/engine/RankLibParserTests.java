package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.ltrplugin.engine.RankerAssertions.assertRamBytesUsed;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;
import static org.ltrplugin.engine.RankerAssertions.score;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ltrplugin.engine.RandomTrees.Node;

class RankLibParserTests {
    private static final String[] FEATURES =
            IntStream.range(0, RandomTrees.FEATURES).mapToObj(i -> "f" + i).toArray(String[]::new);

    private static final String LEAF =
            "<ensemble><tree weight=\"1\"><split><output>1</output></split></tree></ensemble>";

    /** The text as RankLib indents it. */
    private static final String TREE = """
        <ensemble>
          <tree id="1" weight="0.1">
            <split>
              <feature> 2 </feature>
              <threshold> 0.5 </threshold>
              <split pos="left">
                <output>1</output>
              </split>
              <split pos="right">
                <output> 2.0 </output>
              </split>
            </split>
          </tree>
        </ensemble>
        """;

    private static Ranker parse(String definition) throws IOException {
        return RankerAssertions.parse("model/ranklib", definition, "a", "b");
    }

    @Test
    void valuesUpToTheThresholdGoLeft() throws IOException {
        Ranker ranker = parse("## LambdaMART\n## No. of trees = 1\n\n" + TREE);
        assertEquals("LambdaMART", ranker.name());
        assertEquals(0, ranker.missingValue());
        assertEquals(0.1f, score(ranker, 0, 0.5f));
        assertEquals((float) (2.0 * (double) 0.1f), score(ranker, 0, Math.nextUp(0.5f)));
        assertEquals(0.1f, score(ranker, 0, Float.NaN));
    }

    @Test
    void carriageReturnsAndOtherCaseAreAllowed() throws IOException {
        assertEquals(0.1f, score(parse("## mart \n" + TREE.replace("\n", "\r\n")), 0, 0));
    }

    @Test
    void randomForestsAreTheMeanOfTheirEnsembles() throws IOException {
        Ranker forest = parse("## Random Forests\n" + TREE + TREE.replace("2.0", "4.0"));
        double first = (float) (2.0 * (double) 0.1f);
        double second = (float) (4.0 * (double) 0.1f);
        assertEquals((float) ((first + second) / 2), score(forest, 0, 1));
        assertRamBytesUsed(forest);
    }

    @ParameterizedTest
    @ValueSource(floats = {-1, -Float.MIN_VALUE, -0f, 0, 1, Float.MAX_VALUE})
    void missingValuesAreZero(float threshold) throws IOException {
        Ranker ranker = parse("## MART\n" + TREE.replace("> 2 <", "> 1 <").replace("0.5", threshold + ""));
        float left = score(ranker, Float.NEGATIVE_INFINITY, 0);
        float right = score(ranker, Float.POSITIVE_INFINITY, 0);
        for (float value : new float[] {0, -0f, Float.NaN}) {
            assertEquals(0 <= threshold ? left : right, score(ranker, value, 0));
        }
        assertTrue(left < right);
    }

    @Test
    void randomTreesScoreAsARecursiveWalk() throws IOException {
        Random random = TestRandom.create();
        RandomTrees generator = new RandomTrees(random);
        for (int round = 0; round < 20; round++) {
            List<Node> trees = generator.trees(1 + random.nextInt(10), 40);
            float weight = random.nextFloat();
            StringBuilder text = new StringBuilder("## MART\n<ensemble>\n");
            for (Node tree : trees) {
                text.append("<tree id=\"1\" weight=\"%s\">\n<split>\n".formatted(weight));
                append(text, tree);
                text.append("</split>\n</tree>\n");
            }
            Ranker ranker = RankerAssertions.parse(
                    "model/ranklib", text.append("</ensemble>").toString(), FEATURES);
            for (float[] vector : generator.vectors(50)) {
                float expected = 0;
                for (Node tree : trees) {
                    double leaf = RandomTrees.walk(tree, vector, RandomTrees.RANKLIB);
                    expected = (float) (expected + leaf * (double) weight);
                }
                assertSameBits(expected, score(ranker, vector));
            }
        }
    }

    private static void append(StringBuilder text, Node node) {
        switch (node) {
            case Node.Leaf leaf -> text.append("<output> %s </output>\n".formatted(leaf.value()));
            case Node.Split split -> {
                text.append("<feature> %d </feature>\n".formatted(split.feature() + 1));
                text.append("<threshold> %s </threshold>\n<split pos=\"left\">\n".formatted(split.threshold()));
                append(text, split.yes());
                text.append("</split>\n<split pos=\"right\">\n");
                append(text, split.no());
                text.append("</split>\n");
            }
        }
    }

    @Test
    void linearModels() throws IOException {
        assertEquals(2 * 3 - 1.5f, score(parse("## Coordinate Ascent\n\n## x\n1:2 2:-0.5 # c"), 3, 3));
        assertEquals(8, score(parse("## linear regression\n0:2 1:2"), 3, Float.NaN));
        assertEquals(9, score(parse("## AdaRank\n1:1 1:2"), 3, 0));
        Ranker boost = parse("## RankBoost\n1:0.5:2 2:0.5:4");
        assertEquals(2, score(boost, 0.6f, 0.5f));
        assertEquals(6, score(boost, 0.6f, 0.6f));
        assertRamBytesUsed(boost);
    }

    @Test
    void linearModelsAreSummedInDouble() throws IOException {
        Ranker ranker = parse("## Coordinate Ascent\n1:1 2:1 1:-1");
        assertEquals(1, score(ranker, 1e9f, 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "##MART\n" + LEAF,
                " ## MART\n" + LEAF,
                "## MART\n",
                "## MART\n" + LEAF + LEAF,
                "## MART\n<ensemble></ensemble>",
                "## Coordinate Ascent\n",
                "## Coordinate Ascent\n3:1",
                "## Coordinate Ascent\n0:1",
                "## Coordinate Ascent\n1:x",
                "## Coordinate Ascent\n1:NaN",
                "## Coordinate Ascent\n1",
                "## RankBoost\n1:1",
                "## Linear Regression\n1:1",
                "## RankNet\n1 2\n0\n",
                "## ListNet\n",
                "## LambdaRank\n"
            })
    void invalidTexts(String text) {
        assertThrows(IllegalArgumentException.class, () -> parse(text));
    }

    @Test
    void errorsNameTheProblem() {
        assertFails(LEAF.replace("weight", "mass"), "a tree must have a [weight]");
        assertFails(LEAF.replace("<output>1", "<output>NaN"), "[NaN] is not a finite float32 number");
        assertFails(LEAF.replace("<split>", "<split> "), "expected <feature>");
        assertFails(LEAF.replace("</tree>", ""), "expected </tree>, got [</ensemble>] at character [60] of the trees");
        assertFails(
                LEAF.replace("<output>1</output>", "<feature>3</feature>"),
                "feature [3] is not in the model's feature set, which has [2] features");
    }

    private static void assertFails(String trees, String message) {
        Exception failure = assertThrows(IllegalArgumentException.class, () -> parse("## MART\n" + trees));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
    }

    @Test
    void aDefinitionMustBeAString() {
        JsonText structured = new JsonText("[]", true);
        assertThrows(IllegalArgumentException.class, () -> new RankLibParser().parse(structured, Map.of()));
    }
}
