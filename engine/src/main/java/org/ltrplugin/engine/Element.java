package org.ltrplugin.engine;

import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

import java.io.IOException;

/**
 * What a store keeps under a name, as it was sent: a feature, a feature set or a model. Nothing
 * here is compiled.
 */
sealed interface Element extends ToXContentObject permits Feature, FeatureSet, Model {
    String name();

    ElementType type();

    default String documentId() {
        return type().documentId(name());
    }

    /** The document under which the element is stored. */
    default XContentBuilder document() throws IOException {
        XContentBuilder builder = XContentFactory.jsonBuilder().startObject();
        builder.field("name", name()).field("type", type().key).field(type().key);
        return toXContent(builder, EMPTY_PARAMS).endObject();
    }

    /** Reads one element; {@code name}, when not null, is the name it must have or gets. */
    static Element parse(ElementType type, XContentParser parser, String name) throws IOException {
        return switch (type) {
            case FEATURE -> Feature.parse(parser, name);
            case FEATURESET -> FeatureSet.parse(parser, name);
            case MODEL -> Model.parse(parser, name);
        };
    }

    /** Reads an element from its stored document. */
    static Element fromDocument(ElementType type, XContentParser parser) throws IOException {
        Element element = null;
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
        if (element == null) {
            throw new IllegalArgumentException("the stored document holds no [" + type.key + "]");
        }
        return element;
    }
}
