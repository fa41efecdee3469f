package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.Weight;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Scores, windows and explanations of the query, over an index of several segments in memory. */
class RankerQueryTests {
    private static final int DOCUMENTS = 1_500;
    private static final Query RED = new TermQuery(new Term("title", "red"));
    private static final Query SHOE = new TermQuery(new Term("title", "shoe"));

    private final Directory directory = new ByteBuffersDirectory();
    private DirectoryReader reader;
    private IndexSearcher searcher;
    private List<BoundFeature> features;
    private Ranker ranker;

    @BeforeEach
    void createIndex() throws IOException {
        Random random = TestRandom.create();
        IndexWriterConfig config = new IndexWriterConfig().setMergePolicy(NoMergePolicy.INSTANCE);
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (int i = 0; i < DOCUMENTS; i++) {
                Document document = new Document();
                String title = "red ".repeat(random.nextInt(4)) + "shoe ".repeat(random.nextInt(3)) + "hat";
                document.add(new TextField("title", title, Field.Store.NO));
                writer.addDocument(document);
                if (i == 100 || i == 1_300) { // the middle segment has more documents than a block
                    writer.commit();
                }
            }
        }
        reader = DirectoryReader.open(directory);
        searcher = new IndexSearcher(reader);
        Feature sum = new Feature("sum", List.of(), DerivedFeature.LANGUAGE, new JsonText("red + shoe", false));
        Map<String, Integer> ordinals = Map.of("red", 0, "shoe", 1, "sum", 2);
        features = List.of(
                new QueryFeature("red", RED),
                new QueryFeature("shoe", SHOE),
                DerivedFeature.compile(sum).bind(new FeatureContext(null, Map.of(), ordinals)));
        ranker = RankerAssertions.parse("model/xgboost+json", """
            [{"nodeid":0,"depth":0,"split":"red","split_condition":0.01,"yes":1,"no":2,"missing":1,"children":[
              {"nodeid":1,"leaf":1},
              {"nodeid":2,"depth":1,"split":"sum","split_condition":0.01,"yes":3,"no":4,"missing":3,"children":[
                {"nodeid":3,"leaf":2},{"nodeid":4,"leaf":3}]}]}]\
            """, "red", "shoe", "sum");
    }

    @AfterEach
    void closeIndex() throws IOException {
        reader.close();
        directory.close();
    }

    private Map<Integer, Float> scores(Query query) throws IOException {
        Map<Integer, Float> scores = new HashMap<>();
        for (ScoreDoc hit : searcher.search(query, DOCUMENTS).scoreDocs) {
            scores.put(hit.doc, hit.score);
        }
        return scores;
    }

    private float expected(Map<Integer, Float> red, Map<Integer, Float> shoe, int doc) {
        float[] vector = {red.getOrDefault(doc, Float.NaN), shoe.getOrDefault(doc, Float.NaN), 0};
        vector[2] = (float) ((double) vector[0] + vector[1]);
        return ranker.score(vector);
    }

    @Test
    void scoresAreThoseOfTheRankerForTheFeatureValues() throws IOException {
        Map<Integer, Float> scores = scores(new RankerQuery(features, ranker));
        Map<Integer, Float> red = scores(RED);
        Map<Integer, Float> shoe = scores(SHOE);
        assertEquals(DOCUMENTS, scores.size());
        assertEquals(3, scores.values().stream().distinct().count());
        scores.forEach((doc, score) -> assertSameBits(expected(red, shoe, doc), score));
    }

    @Test
    void aWindowDoesNotChangeTheScores() throws IOException {
        Random random = TestRandom.create();
        RankerQuery query = new RankerQuery(features, ranker);
        Map<Integer, Float> scores = scores(query);
        int[] window = IntStream.range(0, DOCUMENTS)
                .filter(doc -> random.nextInt(3) > 0)
                .toArray();
        Weight weight = weight(query.withWindow(window));
        for (LeafReaderContext segment : reader.leaves()) {
            Scorer scorer = weight.scorer(segment);
            for (int doc : window) {
                int segmentDoc = doc - segment.docBase;
                if (segmentDoc > 5 && segmentDoc < segment.reader().maxDoc()) { // skips the start of the window
                    assertEquals(segmentDoc, scorer.iterator().advance(segmentDoc));
                    assertSameBits(scores.get(doc), scorer.score());
                    assertSameBits(scores.get(doc), scorer.score());
                }
            }
        }
    }

    @Test
    void aDocumentOutsideTheWindowIsAnError() throws IOException {
        Scorer scorer = weight(new RankerQuery(features, ranker).withWindow(new int[] {1}))
                .scorer(reader.leaves().getFirst());
        scorer.iterator().advance(0);
        assertThrows(IllegalStateException.class, scorer::score);
    }

    private Weight weight(RankerQuery query) throws IOException {
        return searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE, 1);
    }

    @Test
    void explanationsHaveTheScore() throws IOException {
        RankerQuery query = new RankerQuery(features, ranker);
        Map<Integer, Float> scores = scores(query);
        for (int doc = 0; doc < DOCUMENTS; doc += 50) {
            var explanation = searcher.explain(query, doc);
            assertEquals(scores.get(doc), explanation.getValue());
            assertTrue(explanation.toString().contains("Feature 2(sum):"));
        }
    }

    @Test
    void theBoostMultipliesTheFeatures() throws IOException {
        Ranker sum = LinearRanker.sum(1);
        Map<Integer, Float> boosted = scores(new BoostQuery(new RankerQuery(features.subList(0, 1), sum), 2));
        scores(new BoostQuery(RED, 2)).forEach((doc, score) -> assertSameBits(score, boosted.get(doc)));
    }

    @Test
    void anInactiveFeatureMatchesNothing() throws IOException {
        List<BoundFeature> inactive = List.of(new BoundFeature.Inactive("red"), features.get(1));
        Map<Integer, Float> scores = scores(new RankerQuery(inactive, LinearRanker.sum(2)));
        Map<Integer, Float> shoe = scores(SHOE);
        scores.forEach((doc, score) -> assertSameBits(shoe.getOrDefault(doc, 0f), score));
    }

    @Test
    void everyDocumentMatches() throws IOException {
        assertEquals(DOCUMENTS, searcher.count(new RankerQuery(features, ranker)));
    }

    @Test
    void queriesAreEqualForTheSameFeaturesRankerAndWindow() {
        RankerQuery query = new RankerQuery(features, ranker);
        assertEquals(query, new RankerQuery(List.copyOf(features), ranker));
        assertEquals(query.hashCode(), new RankerQuery(List.copyOf(features), ranker).hashCode());
        assertNotEquals(query, new RankerQuery(features.subList(0, 2), ranker));
        assertNotEquals(query, new RankerQuery(features, LinearRanker.sum(3)));
        assertNotEquals(query, query.withWindow(new int[] {1}));
    }
}
