package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.ltrplugin.engine.RankerAssertions.assertRamBytesUsed;
import static org.ltrplugin.engine.RankerAssertions.assertSameBits;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ltrplugin.engine.RandomTrees.Node;

/** Compares the scores of tree ensembles with a recursive walk over the same random trees, bit for bit. */
class TreeEnsembleTests {
    /** Trees of up to 32 leaves, up to 256 leaves, and more than QuickScorer takes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 32, 33, 64, 200, 256, 257, 700})
    void scoresAreThoseOfARecursiveWalk(int maxLeaves) {
        Random random = TestRandom.create();
        RandomTrees generator = new RandomTrees(random);
        for (int round = 0; round < 20; round++) {
            List<Node> trees = generator.trees(1 + random.nextInt(20), maxLeaves);
            trees.add(generator.tree(maxLeaves));
            TreeEnsemble ensemble = RandomTrees.build(trees, Objective.RAW);
            float[][] vectors = generator.vectors(1 + random.nextInt(200));
            float[] scores = new float[vectors.length + 3];
            ensemble.score(vectors, vectors.length, scores);
            for (int i = 0; i < vectors.length; i++) {
                float expected = RandomTrees.sum(trees, vectors[i]);
                assertSameBits(expected, ensemble.score(vectors[i]));
                assertSameBits(expected, scores[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 255, 480})
    void chainsOfSplits(int depth) {
        Node tree = new Node.Leaf(-1);
        for (int i = depth; i > 0; i--) {
            Node leaf = new Node.Leaf(i);
            tree = i % 2 == 0 ? new Node.Split(0, i, true, leaf, tree) : new Node.Split(1, -i, false, tree, leaf);
        }
        TreeEnsemble ensemble = RandomTrees.build(List.of(tree), Objective.RAW);
        float[][] vectors = new float[300][RandomTrees.FEATURES];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i][0] = 2 * i;
            vectors[i][1] = -700 + i;
        }
        float[] scores = new float[vectors.length];
        ensemble.score(vectors, vectors.length, scores);
        for (int i = 0; i < vectors.length; i++) {
            float expected = RandomTrees.walk(tree, vectors[i], RandomTrees.XGBOOST);
            assertEquals(expected, scores[i]);
            assertEquals(expected, ensemble.score(vectors[i]));
        }
    }

    @Test
    void infinityIsNotMissing() {
        Node split = new Node.Split(0, 1, true, new Node.Leaf(1), new Node.Leaf(2));
        TreeEnsemble ensemble = RandomTrees.build(List.of(split), Objective.RAW);
        float[] vector = new float[RandomTrees.FEATURES];
        vector[0] = Float.POSITIVE_INFINITY;
        assertEquals(2, ensemble.score(vector));
        vector[0] = Float.NaN;
        assertEquals(1, ensemble.score(vector));
    }

    @Test
    void logisticIsComputedInDouble() {
        TreeEnsemble ensemble = RandomTrees.build(List.of(new Node.Leaf(-20)), Objective.LOGISTIC);
        assertEquals((float) (1 / (1 + Math.exp(20))), RankerAssertions.score(ensemble, new float[12]));
    }

    @Test
    void ramBytesUsedCountsAllArrays() {
        RandomTrees generator = new RandomTrees(TestRandom.create());
        for (int maxLeaves : new int[] {1, 31, 300}) {
            assertRamBytesUsed(RandomTrees.build(generator.trees(50, maxLeaves), Objective.RAW));
        }
    }
}
