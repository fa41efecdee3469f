package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** A request body that stores an element: the element under the key of its type, and optionally a validation. */
record ElementBody(Element element, @Nullable Validation validation) implements ToXContentObject {
    static ElementBody parse(XContentParser parser, @Nullable String expectedName) throws IOException {
        Builder builder = PARSER.parse(parser, expectedName);
        if (builder.element == null) {
            throw new ParsingException(
                    parser.getTokenLocation(), "the body must have one of [feature], [featureset] and [model]");
        }
        return new ElementBody(builder.element, builder.validation);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field(element.type().key, element);
        if (validation != null) {
            builder.field("validation", validation);
        }
        return builder.endObject();
    }

    private static final class Builder {
        private Element element;
        private Validation validation;

        private void set(Element value) {
            if (element != null) {
                throw new IllegalArgumentException(
                        "the body must have only one of [feature], [featureset] and [model]");
            }
            element = value;
        }
    }

    private static final ObjectParser<Builder, String> PARSER = new ObjectParser<>("element", Builder::new);

    static {
        for (ElementType type : ElementType.values()) {
            PARSER.declareObject(Builder::set, (p, name) -> Element.parse(type, p, name), new ParseField(type.key));
        }
        Validation.declare(PARSER, (builder, value) -> builder.validation = value);
    }
}
