package org.ltrplugin.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * JSON that a client can send as a structure or as a string. The client gets it back in the form that it sent.
 *
 * @param text the JSON text, or the content of the string, which need not be JSON
 * @param structured whether the client sent a structure
 */
record JsonText(String text, boolean structured) {
    static JsonText parse(XContentParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT, START_ARRAY -> new JsonText(copyStructure(parser), true);
            case VALUE_STRING -> new JsonText(parser.text(), false);
            default ->
                throw new ParsingException(
                        parser.getTokenLocation(),
                        "["
                                + parser.currentName()
                                + "] must be an object, an array or a string, but is a ["
                                + parser.currentToken()
                                + "]");
        };
    }

    /** Copies a structure without the second copy that XContentBuilder makes: it can take a large part of the heap. */
    private static String copyStructure(XContentParser parser) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (XContentBuilder builder = XContentFactory.jsonBuilder(out)) {
            builder.copyCurrentStructure(parser);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    XContentParser parser() throws IOException {
        return NodeApi.jsonParser(text);
    }

    void write(XContentBuilder builder, String field) throws IOException {
        if (structured) {
            builder.rawField(field, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), XContentType.JSON);
        } else {
            builder.field(field, text);
        }
    }
}
