package org.ltrplugin.engine;

import java.io.IOException;
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

/** A named element of a feature store: a feature, a feature set or a model, as the client sent it and not compiled. */
sealed interface Element extends ToXContentObject permits Feature, FeatureSet, Model {
    String name();

    ElementType type();

    /** The length of the texts that are compiled. */
    long chars();

    /** The document that stores the element. */
    default XContentBuilder toDocument() throws IOException {
        XContentBuilder builder = XContentFactory.jsonBuilder().startObject();
        builder.field("name", name()).field("type", type().key).field(type().key);
        return toXContent(builder, EMPTY_PARAMS).endObject();
    }

    /**
     * Parses an element.
     *
     * @param name the name from the path of the request; null when the body must have the name
     */
    static Element parse(ElementType type, XContentParser parser, @Nullable String name) throws IOException {
        return switch (type) {
            case FEATURE -> Feature.parse(parser, name);
            case FEATURESET -> FeatureSet.parse(parser, name);
            case MODEL -> Model.parse(parser, name);
        };
    }

    /** Parses an element from the document that stores it. */
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
            throw new IllegalArgumentException("the stored document has no [" + type.key + "]");
        }
        return element;
    }

    /** The name of an element, from the path of the request or its body. When both have one, they must be equal. */
    static String resolveName(
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
