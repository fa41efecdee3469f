package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Map;
import java.util.function.BiConsumer;
import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.AbstractObjectParser;
import org.opensearch.core.xcontent.ConstructingObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/** A search to run before an element is stored: the index and the params. */
record Validation(String index, Map<String, Object> params) implements ToXContentObject {
    private static final ConstructingObjectParser<Validation, Void> PARSER =
            new ConstructingObjectParser<>("validation", args -> {
                @SuppressWarnings("unchecked")
                Map<String, Object> params = (Map<String, Object>) args[1];
                return new Validation((String) args[0], params);
            });

    static {
        PARSER.declareString(ConstructingObjectParser.constructorArg(), new ParseField("index"));
        PARSER.declareObject(
                ConstructingObjectParser.constructorArg(), (p, ignored) -> p.map(), new ParseField("params"));
    }

    /** Declares the field {@code validation} of a request body. */
    static <Body> void declare(AbstractObjectParser<Body, ?> body, BiConsumer<Body, Validation> set) {
        body.declareObject(set, (p, ignored) -> PARSER.parse(p, null), new ParseField("validation"));
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params ignored) throws IOException {
        return builder.startObject()
                .field("index", index)
                .field("params", params)
                .endObject();
    }
}
