package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonWriterTests {
    @Test
    void values() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("text", "a \"quoted\" \\ line\n");
        map.put("list", Arrays.asList(1, 2.5, 1e30, true, null));
        map.put("empty", List.of(Map.of(), List.of()));
        map.put("bytes", new byte[] {1, 2, 3});
        String expected = "{'text':'a \\'quoted\\' \\\\ line\\n','list':[1,2.5,1.0E30,true,null],"
                + "'empty':[{},[]],'bytes':'AQID'}";
        assertEquals(expected.replace('\'', '"'), JsonWriter.json(map));
    }

    @Test
    void controlCharactersAreEscaped() {
        assertEquals("\\u0000\\u001F\\b\\t\\n\\f\\r\u007f\u00e9\ud83d\ude00", JsonWriter.escape("\0\u001f\b\t\n\f\r\u007f\u00e9\ud83d\ude00"));
    }

    @Test
    void otherTypesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> JsonWriter.json(new Object()));
    }
}
