package org.ltrplugin.engine;

import static org.opensearch.core.xcontent.ConstructingObjectParser.optionalConstructorArg;

import java.io.IOException;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ConstructingObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * Selects the sltr query to log: a named query, or the query of a rescorer.
 *
 * @param missingAsZero whether a feature that does not match has the value 0 instead of no value
 */
record FeatureLogSpec(
        @Nullable String name,
        @Nullable String namedQuery,
        @Nullable Integer rescoreIndex,
        boolean missingAsZero) implements Writeable, ToXContentObject {
    FeatureLogSpec {
        if (namedQuery == null && rescoreIndex == null) {
            throw new IllegalArgumentException("Either [named_query] or [rescore_index] must be set in a log spec");
        }
        if (rescoreIndex != null && rescoreIndex < 0) {
            throw new IllegalArgumentException("[rescore_index] must not be negative, got [" + rescoreIndex + "]");
        }
    }

    FeatureLogSpec(StreamInput in) throws IOException {
        this(in.readOptionalString(), in.readOptionalString(), in.readOptionalVInt(), in.readBoolean());
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeOptionalString(name);
        out.writeOptionalString(namedQuery);
        out.writeOptionalVInt(rescoreIndex);
        out.writeBoolean(missingAsZero);
    }

    /** The name of the log in the hits. */
    String logName() {
        return name != null ? name : namedQuery != null ? namedQuery : "rescore[" + rescoreIndex + "]";
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject();
        if (name != null) {
            builder.field("name", name);
        }
        if (namedQuery != null) {
            builder.field("named_query", namedQuery);
        }
        if (rescoreIndex != null) {
            builder.field("rescore_index", rescoreIndex);
        }
        return builder.field("missing_as_zero", missingAsZero).endObject();
    }

    static FeatureLogSpec parse(XContentParser parser) throws IOException {
        return PARSER.parse(parser, null);
    }

    private static final ConstructingObjectParser<FeatureLogSpec, Void> PARSER = new ConstructingObjectParser<>(
            "log_specs",
            args -> new FeatureLogSpec(
                    (String) args[0], (String) args[1], (Integer) args[2], args[3] != null && (Boolean) args[3]));

    static {
        PARSER.declareString(optionalConstructorArg(), new ParseField("name"));
        PARSER.declareString(optionalConstructorArg(), new ParseField("named_query"));
        PARSER.declareInt(optionalConstructorArg(), new ParseField("rescore_index"));
        PARSER.declareBoolean(optionalConstructorArg(), new ParseField("missing_as_zero"));
    }
}
