package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Parses rankers, and scores vectors one by one and in blocks. */
final class RankerAssertions {
    private RankerAssertions() {}

    /** Parses a definition for a feature set with these features. */
    static Ranker parse(String type, String definition, String... features) throws IOException {
        Map<String, Integer> ordinals = new LinkedHashMap<>();
        for (String feature : features) {
            ordinals.put(feature, ordinals.size());
        }
        return RankerParser.BY_TYPE.get(type).parse(new JsonText(definition, false), ordinals);
    }

    /** The score of a vector, which must be the same alone and in a block. */
    static float score(Ranker ranker, float... vector) {
        float alone = ranker.score(vector.clone());
        float[][] block = new float[20][];
        Arrays.setAll(block, i -> vector.clone());
        float[] scores = new float[block.length];
        ranker.score(block, block.length, scores);
        for (float score : scores) {
            assertSameBits(alone, score);
        }
        return alone;
    }

    static void assertSameBits(float expected, float actual) {
        assertTrue(
                Float.floatToRawIntBits(expected) == Float.floatToRawIntBits(actual),
                () -> "expected " + expected + ", got " + actual);
    }

    static void assertRamBytesUsed(Ranker ranker) {
        assertEquals(RamUsageTester.ramUsed(ranker), ranker.ramBytesUsed());
    }
}
