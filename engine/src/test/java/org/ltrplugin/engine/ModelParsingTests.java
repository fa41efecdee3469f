package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Definitions of models, small enough to score by hand. */
class ModelParsingTests {
    private static final Map<String, Integer> ORDINALS = new LinkedHashMap<>(Map.of("a", 0, "b", 1));

    private static Ranker parse(String type, String definition) throws Exception {
        return RankerParser.BY_TYPE.get(type).parse(new JsonText(definition, false), ORDINALS);
    }

    private static float score(Ranker ranker, float a, float b) {
        float[] scores = new float[20];
        float[][] vectors = new float[20][];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = new float[] {a, b};
        }
        ranker.score(vectors, vectors.length, scores);
        assertEquals(scores[19], ranker.score(new float[] {a, b}));
        return scores[19];
    }

    @Test
    void aDumpOfXGBoost() throws Exception {
        Ranker ranker = parse("model/xgboost+json", """
            [{"nodeid":0,"depth":0,"split":"a","split_condition":"0.5","yes":1,"no":2,"missing":2,
              "children":[{"nodeid":1,"leaf":1},{"nodeid":2,"leaf":2}]}]\
            """);
        assertEquals(1, score(ranker, 0.4f, 0));
        assertEquals(2, score(ranker, 0.5f, 0));
        assertEquals(2, score(ranker, Float.NaN, 0));
    }

    @Test
    void aSavedModelOfXGBoostWithItsNamesInAnotherOrder() throws Exception {
        Ranker ranker = parse("model/xgboost+json+raw", """
            {"version":[3,2,0],"learner":{"gradient_booster":{"name":"gbtree","model":{"trees":[{"base_weights":[9,9,9],
             "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],"default_left":[1,0,0],
             "split_conditions":[0.5,1,2]}]}},"feature_names":["b","a"],"feature_types":["float","float"],
             "objective":{"name":"rank:ndcg","lambdarank_param":{}}}}\
            """);
        assertEquals(1, score(ranker, 7, 0.4f));
        assertEquals(2, score(ranker, 0, 0.5f));
        assertEquals(1, score(ranker, 7, Float.NaN));
    }

    @Test
    void treesOfRankLib() throws Exception {
        String tree = """
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
        Ranker mart = parse("model/ranklib", "## LambdaMART\n## No. of trees = 1\n\n" + tree);
        assertEquals("LambdaMART", mart.name());
        assertEquals(0.1f, score(mart, 0, 0.5f));
        assertEquals((float) (2.0 * (double) 0.1f), score(mart, 0, Math.nextUp(0.5f)));
        assertEquals(0.1f, score(mart, 0, Float.NaN));
        Ranker forest = parse("model/ranklib", "## Random Forests\n" + tree + tree.replace("2.0", "4.0"));
        float second = (float) (4.0 * (double) 0.1f);
        assertEquals((float) (((double) (float) (2.0 * (double) 0.1f) + second) / 2), score(forest, 0, 1));
    }

    @Test
    void missingValuesOfRankLibAreZero() throws Exception {
        for (float threshold : new float[] {-1, -Float.MIN_VALUE, -0f, 0, 1, Float.MAX_VALUE}) {
            Ranker ranker = parse("model/ranklib", """
                ## MART
                <ensemble><tree weight='1' id='1'><split><feature>1</feature><threshold>%s</threshold><split
                 pos="left"><output>1</output></split><split><output>2</output></split></split></tree></ensemble>
                """.replace("\n pos", " pos").formatted(threshold));
            for (float value : new float[] {0, -0f, Float.NaN}) {
                assertEquals(0 <= threshold ? 1 : 2, score(ranker, value, 0), threshold + " " + value);
            }
            assertEquals(2, score(ranker, Float.POSITIVE_INFINITY, 0));
            assertEquals(1, score(ranker, Float.NEGATIVE_INFINITY, 0));
        }
    }

    @Test
    void lineModelsOfRankLib() throws Exception {
        assertEquals(2 * 3 - 1.5f, score(parse("model/ranklib", "## Coordinate Ascent\n\n## x\n1:2 2:-0.5 # c"), 3, 3));
        assertEquals(8, score(parse("model/ranklib", "## linear regression\n0:2 1:2"), 3, Float.NaN));
        assertEquals(9, score(parse("model/ranklib", "## AdaRank\n1:1 1:2"), 3, 0));
        Ranker boost = parse("model/ranklib", "## RankBoost\n1:0.5:2 2:0.5:4");
        assertEquals(2, score(boost, 0.6f, 0.5f));
        assertEquals(6, score(boost, 0.6f, 0.6f));
    }

    @Test
    void whatIsNoModelOfRankLib() {
        String tree = "<ensemble><tree weight=\"1\"><split><output>1</output></split></tree></ensemble>";
        for (String text : List.of(
                "",
                "x",
                "##MART\n" + tree,
                " ## MART\n" + tree,
                "## MART\n",
                "## MART\n" + tree + tree,
                "## MART\n" + tree.replace("weight", "mass"),
                "## MART\n" + tree.replace("<output>1", "<output>NaN"),
                "## MART\n" + tree.replace("<split>", "<split> "),
                "## MART\n" + tree.replace("</tree>", ""),
                "## MART\n<ensemble></ensemble>",
                "## LambdaMART\n" + tree.replace("<output>1</output>", "<feature>3</feature>"),
                "## Coordinate Ascent\n",
                "## Coordinate Ascent\n3:1",
                "## Coordinate Ascent\n0:1",
                "## Coordinate Ascent\n1:x",
                "## Coordinate Ascent\n1",
                "## RankBoost\n1:1",
                "## Linear Regression\n1:1",
                "## RankNet\n1 2\n0\n",
                "## ListNet\n",
                "## LambdaRank\n")) {
            assertThrows(IllegalArgumentException.class, () -> parse("model/ranklib", text), text);
        }
    }

    @Test
    void aSavedModelMayNotHaveMoreNodesThanTheNodeCanBear() {
        String zeros = "0" + ",0".repeat(6 * (Limits.MAX_TREE_NODES + 1));
        String text = "{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":[{\"left_children\":[%s]}]}}}}";
        Exception refused = assertThrows(
                IllegalArgumentException.class, () -> parse("model/xgboost+json+raw", text.formatted(zeros)));
        assertEquals("a model has more than 2000000 tree nodes", refused.getMessage());
    }

    @Test
    void rankersWeighWhatTheyHold() throws Exception {
        for (String text : List.of("## RankBoost\n1:0.5:2 2:0.5:4", "## Coordinate Ascent\n1:1")) {
            Ranker line = parse("model/ranklib", text);
            assertEquals(RamUsageTester.of(line), line.ramBytesUsed());
        }
        Ranker linear = parse("model/linear", "{\"a\":1}");
        assertEquals(RamUsageTester.of(linear), linear.ramBytesUsed());
        Normalizer normalizer = new Normalizer(Normalizer.Kind.STANDARD, 0, 1);
        Ranker normalized = NormalizedRanker.of(linear, Map.of(0, normalizer));
        assertEquals(RamUsageTester.of(normalized), normalized.ramBytesUsed());
    }
}
