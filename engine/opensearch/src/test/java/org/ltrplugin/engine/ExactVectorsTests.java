package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.json.JsonXContent;

final class ExactVectorsTests {
    private static Map<String, Object> mapping(String options) {
        String field = "{\"type\": \"knn_vector\", \"dimension\": 8" + options + "}";
        String inner = "{\"properties\": {\"a\": {\"properties\": {\"v\": " + field + "}}}}";
        return XContentHelper.convertToMap(JsonXContent.jsonXContent, inner, false);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ", \"method\": {\"name\": \"hnsw\", \"engine\": \"faiss\"}",
                ", \"mode\": \"in_memory\"",
                ", \"compression_level\": \"4x\", \"method\": {\"name\": \"hnsw\", \"engine\": \"lucene\"}"
            })
    void vectorsThatCanBeComparedWithoutTheLibraryAreAccepted(String options) {
        ExactVectors.check(mapping(options));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ", \"mode\": \"on_disk\"",
                ", \"compression_level\": \"32x\"",
                ", \"method\": {\"name\": \"hnsw\", \"parameters\": {\"encoder\": {\"name\": \"sq\"}}}"
            })
    void quantizedVectorsAreRefusedWithTheReason(String options) {
        Map<String, Object> quantized = mapping(options);
        var refused = assertThrows(OpenSearchStatusException.class, () -> ExactVectors.check(quantized));
        assertEquals(400, refused.status().getStatus());
        assertTrue(refused.getMessage().contains("no native library"));
    }

    @Test
    void onlyIndicesWithVectorsGetTheSetting() {
        ExactVectors exact = new ExactVectors();
        Settings vectors = Settings.builder().put("index.knn", true).build();
        Settings added = exact.getAdditionalIndexSettings("a", false, vectors);
        assertEquals("-1", added.get("index.knn.advanced.approximate_threshold"));
        assertEquals(Settings.EMPTY, exact.getAdditionalIndexSettings("a", false, Settings.EMPTY));
    }
}
