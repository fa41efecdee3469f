package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * The part of a model that scores: its type, its definition in the format of that type, and its normalizers.
 */
record RankerDefinition(String rankerType, JsonText definition, Map<String, Normalizer> normalizers)
        implements ToXContentObject {
    RankerDefinition {
        normalizers = Collections.unmodifiableMap(new LinkedHashMap<>(normalizers));
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field("type", rankerType);
        definition.write(builder, "definition");
        builder.startObject("feature_normalizers");
        for (Map.Entry<String, Normalizer> entry : normalizers.entrySet()) {
            builder.field(entry.getKey(), entry.getValue());
        }
        return builder.endObject().endObject();
    }

    static RankerDefinition parse(XContentParser parser) throws IOException {
        Builder builder = PARSER.parse(parser, null);
        if (builder.type == null || builder.definition == null) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "Field [" + (builder.type == null ? "type" : "definition") + "] is mandatory in a model");
        }
        return new RankerDefinition(builder.type, builder.definition, builder.normalizers);
    }

    private static final class Builder {
        private String type;
        private JsonText definition;
        private Map<String, Normalizer> normalizers = Map.of();
    }

    private static final ObjectParser<Builder, Void> PARSER = new ObjectParser<>("model", Builder::new);

    static {
        PARSER.declareString((builder, value) -> builder.type = value, new ParseField("type"));
        PARSER.declareField(
                (p, builder, ignored) -> builder.definition = JsonText.parse(p),
                new ParseField("definition"),
                ObjectParser.ValueType.VALUE_OBJECT_ARRAY);
        PARSER.declareObject(
                (builder, value) -> builder.normalizers = value,
                (p, ignored) -> p.map(LinkedHashMap::new, Normalizer::parse),
                new ParseField("feature_normalizers"));
    }
}
