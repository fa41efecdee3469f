package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.ltrplugin.engine.RankerAssertions.assertRamBytesUsed;
import static org.ltrplugin.engine.RankerAssertions.score;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Linear models, normalizers and model types. */
class RankerParserTests {
    private static final FeatureSet SET = new FeatureSet("s", List.of(feature("a"), feature("b")));

    private static Feature feature(String name) {
        return new Feature(name, List.of(), Feature.MUSTACHE, new JsonText("{}", true));
    }

    private static Ranker parse(String type, String definition, Map<String, Normalizer> normalizers)
            throws IOException {
        return RankerParser.parse(new RankerDefinition(type, new JsonText(definition, true), normalizers), SET);
    }

    @Test
    void linearModelsAreSummedInFloat32() throws IOException {
        Ranker ranker = parse("model/linear", "{\"b\":0.1,\"a\":3}", Map.of());
        assertEquals(0, ranker.missingValue());
        assertEquals(3f * 0.7f + 0.1f * 0.3f, score(ranker, 0.7f, 0.3f));
        assertRamBytesUsed(ranker);
    }

    @Test
    void featuresWithoutAWeightDoNotCount() throws IOException {
        assertEquals(2, score(parse("model/linear", "{\"a\":1}", Map.of()), 2, 5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "1", "{\"z\":1}", "{\"a\":\"1\"}", "{\"a\":1e39}", "{\"a\":{}}"})
    void invalidLinearModels(String definition) {
        assertThrows(Exception.class, () -> parse("model/linear", definition, Map.of()));
    }

    @Test
    void normalizersApplyBeforeTheRanker() throws IOException {
        Map<String, Normalizer> normalizers = Map.of(
                "a",
                new Normalizer(Normalizer.Kind.STANDARD, 1, 2),
                "b",
                new Normalizer(Normalizer.Kind.MIN_MAX, 1, 5));
        Ranker ranker = parse("model/linear", "{\"a\":1,\"b\":10}", normalizers);
        assertEquals("linear", ranker.name());
        assertEquals(2 + 10 * 0.5f, score(ranker, 5, 3));
        assertEquals(-0.5f + 10 * -0.25f, score(ranker, 0, 0));
        Normalizer normalizer = new Normalizer(Normalizer.Kind.STANDARD, 0, 1);
        assertRamBytesUsed(parse("model/linear", "{\"a\":1}", Map.of("a", normalizer)));
    }

    @Test
    void invalidNormalizers() {
        assertThrows(IllegalArgumentException.class, () -> new Normalizer(Normalizer.Kind.STANDARD, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Normalizer(Normalizer.Kind.STANDARD, Float.NaN, 1));
        assertThrows(IllegalArgumentException.class, () -> new Normalizer(Normalizer.Kind.MIN_MAX, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Normalizer(Normalizer.Kind.MIN_MAX, 2, 2));
    }

    @Test
    void errorsNameTypesAndFeatures() {
        Exception type = assertThrows(IllegalArgumentException.class, () -> parse("model/other", "{}", Map.of()));
        assertTrue(type.getMessage().startsWith("unsupported model type [model/other], use one of [model/linear,"));
        Map<String, Normalizer> unknown = Map.of("z", new Normalizer(Normalizer.Kind.STANDARD, 0, 1));
        Exception feature = assertThrows(IllegalArgumentException.class, () -> parse("model/linear", "{}", unknown));
        assertEquals("unknown feature [z], it is not in the model's feature set", feature.getMessage());
    }
}
