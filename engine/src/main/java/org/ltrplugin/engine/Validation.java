package org.ltrplugin.engine;

import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.ConstructingObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

import java.io.IOException;
import java.util.Map;

/**
 * A trial run to make before an element is stored: the index to search, and the params to search
 * with.
 */
record Validation(String index, Map<String, Object> params) implements ToXContentObject {
    private static final ConstructingObjectParser<Validation, Void> PARSER =
            new ConstructingObjectParser<>(
                    "validation",
                    args -> {
                        @SuppressWarnings("unchecked")
                        Map<String, Object> params = (Map<String, Object>) args[1];
                        return new Validation((String) args[0], params);
                    });

    static {
        PARSER.declareString(ConstructingObjectParser.constructorArg(), new ParseField("index"));
        PARSER.declareObject(
                ConstructingObjectParser.constructorArg(),
                (p, ignored) -> p.map(),
                new ParseField("params"));
    }

    static Validation parse(XContentParser parser) throws IOException {
        return PARSER.parse(parser, null);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params ignored) throws IOException {
        return builder.startObject().field("index", index).field("params", params).endObject();
    }
}
