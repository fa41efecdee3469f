package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentParser;

/** Parsing, storing and extending feature sets. */
class FeatureSetTests {
    private static Feature feature(String name, String template) {
        return new Feature(name, List.of("q"), Feature.MUSTACHE, new JsonText(template, false));
    }

    private static FeatureSet parse(String json, String name) throws IOException {
        try (XContentParser parser = new JsonText(json, true).parser()) {
            parser.nextToken();
            return FeatureSet.parse(parser, name);
        }
    }

    @Test
    void elementsAreStoredAsTheyWereSent() throws IOException {
        String json = """
            {"name":"s","features":[{"name":"b","params":["q"],"template_language":"mustache","template":"{{q}}"},\
            {"name":"a","params":[],"template_language":"derived_expression","template":"b + 1"}]}\
            """;
        FeatureSet set = parse(json, null);
        assertEquals(Map.of("b", 0, "a", 1), set.ordinals());
        assertEquals(
                "{\"name\":\"s\",\"type\":\"featureset\",\"featureset\":" + json + "}",
                BytesReference.bytes(set.toDocument()).utf8ToString());
        assertEquals(set, Element.fromDocument(ElementType.FEATURESET, BytesReference.bytes(set.toDocument())));
    }

    @Test
    void aSingleFeatureIsAList() throws IOException {
        assertEquals(
                1,
                parse("{\"features\":{\"name\":\"a\",\"template\":{}}}", "s")
                        .features()
                        .size());
    }

    @Test
    void namesComeFromThePathOrTheBody() throws IOException {
        assertEquals("s", parse("{}", "s").name());
        assertEquals("s", parse("{\"name\":\"s\"}", "s").name());
        assertThrows(Exception.class, () -> parse("{}", null));
        Exception failure = assertThrows(Exception.class, () -> parse("{\"name\":\"t\"}", "s"));
        assertTrue(failure.getMessage().contains("expected [s] but got [t]"), failure.getMessage());
    }

    @Test
    void addingFeaturesKeepsTheOrdinals() {
        FeatureSet set = new FeatureSet("s", List.of(feature("a", "1"), feature("b", "2")));
        FeatureSet added = set.with(List.of(feature("c", "3")), false);
        assertEquals(Map.of("a", 0, "b", 1, "c", 2), added.ordinals());
        FeatureSet merged = set.with(List.of(feature("c", "3"), feature("a", "4")), true);
        assertEquals(List.of(feature("a", "4"), feature("b", "2"), feature("c", "3")), merged.features());
    }

    @ParameterizedTest
    @CsvSource({"a,x,false", "x,x,true"})
    void duplicatesAreRefused(String first, String second, boolean merge) {
        FeatureSet set = new FeatureSet("s", List.of(feature("a", "1")));
        List<Feature> more = List.of(feature(first, "1"), feature(second, "2"));
        Exception failure = assertThrows(IllegalArgumentException.class, () -> set.with(more, merge));
        assertEquals("Feature [" + first + "] defined twice in this set", failure.getMessage());
    }
}
