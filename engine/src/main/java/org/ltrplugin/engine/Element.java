package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.common.Nullable;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** What a store keeps under a name, as it was sent: a feature, a feature set or a model. Nothing here is compiled. */
sealed interface Element extends ToXContentObject permits Feature, FeatureSet, Model {
    String name();

    ElementType type();

    /** The document under which the element is stored. */
    default XContentBuilder document() throws IOException {
        XContentBuilder builder = XContentFactory.jsonBuilder().startObject();
        builder.field("name", name()).field("type", type().key).field(type().key);
        return toXContent(builder, EMPTY_PARAMS).endObject();
    }

    /** Reads one element; {@code name}, when not null, is the name it must have or gets. */
    static Element parse(ElementType type, XContentParser parser, @Nullable String name) throws IOException {
        return switch (type) {
            case FEATURE -> Feature.parse(parser, name);
            case FEATURESET -> FeatureSet.parse(parser, name);
            case MODEL -> Model.parse(parser, name);
        };
    }

    /** Reads an element from its stored document. */
    static Element fromDocument(ElementType type, BytesReference document) throws IOException {
        Element element = null;
        try (XContentParser parser = XContentHelper.createParser(
                NamedXContentRegistry.EMPTY, LoggingDeprecationHandler.INSTANCE, document, XContentType.JSON)) {
            parser.nextToken();
            while (parser.nextToken() == XContentParser.Token.FIELD_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                if (field.equals(type.key)) {
                    element = parse(type, parser, null);
                } else {
                    parser.skipChildren();
                }
            }
        }
        if (element == null) {
            throw new IllegalArgumentException("the stored document holds no [" + type.key + "]");
        }
        return element;
    }

    /** Settles the name of an element between the one in the request's path and the one in its body. */
    static String settleName(
            XContentParser parser, ElementType type, @Nullable String expected, @Nullable String given) {
        if (given == null && expected == null) {
            throw new ParsingException(parser.getTokenLocation(), "Field [name] is mandatory in a [" + type.key + "]");
        }
        if (given != null && expected != null && given.equals(expected) == false) {
            throw new ParsingException(
                    parser.getTokenLocation(), "Invalid [name], expected [" + expected + "] but got [" + given + "]");
        }
        return given == null ? expected : given;
    }
}
