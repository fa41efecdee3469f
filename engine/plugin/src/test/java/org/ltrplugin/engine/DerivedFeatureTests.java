package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.lucene.search.Explanation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DerivedFeatureTests {
    private static Feature derived(String name, String expression, String... params) {
        return new Feature(name, List.of(params), DerivedFeature.LANGUAGE, new JsonText(expression, false));
    }

    private static FeatureContext context(FeatureSet set, Map<String, Object> params) {
        return new FeatureContext(null, params, set.ordinals());
    }

    /** The values of a set of derived features, which depend on no document. */
    private static float[] values(float missingValue, Map<String, Object> params, Feature... features)
            throws IOException {
        FeatureSet set = new FeatureSet("s", Arrays.asList(features));
        List<FeatureWeight> weights = new ArrayList<>();
        for (Feature feature : features) {
            weights.add(
                    DerivedFeature.compile(feature).bind(context(set, params)).createWeight(null, 1));
        }
        FeatureVector vector = new FeatureVector(weights, null, missingValue, 1);
        vector.advance(0);
        assertTrue(vector.matched(0));
        return vector.values;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1 / 3; 0.33333334",
                "2 * 3 - 1; 5",
                "max(2, min(5, 3)); 3",
                "pow(2, 10) % 1000; 24",
                "1 > 2 ? 10 : 20; 20",
                "(3 >= 3) + 2 * !(1 == 1); 1",
                "ln(-1); NaN",
                "1 / 0; Infinity",
                "16777217; 16777216",
            })
    void expressionsAreComputedInDoubleAndRoundedToFloat32(String expression, float expected) throws IOException {
        assertEquals(expected, values(0, Map.of(), derived("d", expression))[0]);
    }

    @Test
    void laterFeaturesHaveTheMissingValue() throws IOException {
        Feature[] features = {derived("early", "late + 1"), derived("late", "10"), derived("sum", "early + late + sum")
        };
        assertArrayEquals(new float[] {1, 10, 11}, values(0, Map.of(), features));
        assertArrayEquals(new float[] {Float.NaN, 10, Float.NaN}, values(Float.NaN, Map.of(), features));
    }

    @Test
    void numbersAmongTheParamsAreVariables() throws IOException {
        Feature feature = derived("d", "x * y.z", "x", "y.z");
        assertEquals(3, values(0, Map.of("x", 2, "y.z", 1.5), feature)[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "2"})
    void paramsMustBeNumbers(String value) {
        Exception failure = assertThrows(
                IllegalArgumentException.class, () -> values(0, Map.of("x", value), derived("d", "x", "x")));
        assertEquals("Derived feature [d] needs a number for param [x], got [" + value + "]", failure.getMessage());
        assertThrows(IllegalArgumentException.class, () -> values(0, Map.of(), derived("d", "x", "x")));
    }

    @Test
    void variablesAreEitherFeaturesOrParams() {
        Map<String, Integer> ordinals = Map.of("f", 0);
        DerivedFeature.compile(derived("d", "f + p", "p")).checkVariables(ordinals);
        Exception unknown = assertThrows(IllegalArgumentException.class, () -> DerivedFeature.compile(derived("d", "g"))
                .checkVariables(ordinals));
        assertEquals("Derived feature [d] refers to unknown feature: [g]", unknown.getMessage());
        Exception both =
                assertThrows(IllegalArgumentException.class, () -> DerivedFeature.compile(derived("d", "f", "f"))
                        .checkVariables(ordinals));
        assertEquals("Derived feature [d]: [f] is both a feature of the set and a param", both.getMessage());
    }

    @Test
    void explanationsShowTheParams() throws IOException {
        FeatureSet set = new FeatureSet("s", List.of(derived("d", "x + 1", "x")));
        Explanation explanation = DerivedFeature.compile(set.features().getFirst())
                .bind(context(set, Map.of("x", 2)))
                .createWeight(null, 1)
                .explain(null, 0, 3);
        assertEquals(3f, explanation.getValue());
        assertEquals("computed by [x + 1]", explanation.getDescription());
        assertEquals("param x", explanation.getDetails()[0].getDescription());
        assertEquals(2.0, explanation.getDetails()[0].getValue());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1 +", "unknown(1)", "(1", "a b"})
    void syntaxErrors(String expression) {
        Exception failure =
                assertThrows(IllegalArgumentException.class, () -> DerivedFeature.compile(derived("d", expression)));
        assertTrue(failure.getMessage().startsWith("the expression of feature [d] does not compile: "));
    }

    @Test
    void equalExpressionsAreEqualFeatures() {
        FeatureSet set = new FeatureSet("s", List.of(derived("d", "x + 1", "x")));
        DerivedFeature feature = DerivedFeature.compile(set.features().getFirst());
        assertEquals(feature.bind(context(set, Map.of("x", 2))), feature.bind(context(set, Map.of("x", 2))));
    }
}
