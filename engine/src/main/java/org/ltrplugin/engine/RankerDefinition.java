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
 * The part of a model that scores: its type, its definition in the form of that type, and the normalizers before it.
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
        Draft draft = PARSER.parse(parser, null);
        if (draft.type == null || draft.definition == null) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "Field [" + (draft.type == null ? "type" : "definition") + "] is mandatory in a model");
        }
        return new RankerDefinition(draft.type, draft.definition, draft.normalizers);
    }

    private static final class Draft {
        private String type;
        private JsonText definition;
        private Map<String, Normalizer> normalizers = Map.of();
    }

    private static final ObjectParser<Draft, Void> PARSER = new ObjectParser<>("model", Draft::new);

    static {
        PARSER.declareString((draft, value) -> draft.type = value, new ParseField("type"));
        PARSER.declareField(
                (p, draft, ignored) -> draft.definition = JsonText.parse(p),
                new ParseField("definition"),
                ObjectParser.ValueType.VALUE_OBJECT_ARRAY);
        PARSER.declareObject(
                (draft, value) -> draft.normalizers = value,
                (p, ignored) -> p.map(LinkedHashMap::new, Normalizer::parse),
                new ParseField("feature_normalizers"));
    }
}
