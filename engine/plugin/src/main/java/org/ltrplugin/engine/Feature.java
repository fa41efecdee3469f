package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * A stored feature.
 *
 * @param params the names of the params that each request must have
 * @param language the language of the template: {@code mustache}, {@code derived_expression} or a script language
 */
record Feature(String name, List<String> params, String language, JsonText template) implements Element {
    static final String MUSTACHE = "mustache";

    @Override
    public ElementType type() {
        return ElementType.FEATURE;
    }

    @Override
    public long chars() {
        return template.text().length();
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params ignored) throws IOException {
        builder.startObject().field("name", name).field("params", params).field("template_language", language);
        template.write(builder, "template");
        return builder.endObject();
    }

    static Feature parse(XContentParser parser, @Nullable String expectedName) throws IOException {
        Builder builder = PARSER.parse(parser, null);
        String name = Element.resolveName(parser, ElementType.FEATURE, expectedName, builder.name);
        if (builder.template == null) {
            throw new ParsingException(
                    parser.getTokenLocation(), "Field [template] is mandatory in feature [" + name + "]");
        }
        return new Feature(name, List.copyOf(builder.params), builder.language, builder.template);
    }

    private static final class Builder {
        private String name;
        private List<String> params = List.of();
        private String language = MUSTACHE;
        private JsonText template;
    }

    private static final ObjectParser<Builder, Void> PARSER = new ObjectParser<>(ElementType.FEATURE.key, Builder::new);

    static {
        PARSER.declareString((builder, value) -> builder.name = value, new ParseField("name"));
        PARSER.declareStringArray((builder, value) -> builder.params = value, new ParseField("params"));
        PARSER.declareString((builder, value) -> builder.language = value, new ParseField("template_language"));
        PARSER.declareField(
                (p, builder, ignored) -> builder.template = JsonText.parse(p),
                new ParseField("template"),
                ObjectParser.ValueType.OBJECT_OR_STRING);
    }
}
