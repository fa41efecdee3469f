package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.common.Nullable;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * Which sltr query of a search to log: a named one, or that of a rescorer.
 *
 * @param missingAsZero whether features that do not match are logged as 0 instead of without a
 *     value
 */
record FeatureLogSpec(
        @Nullable String name, @Nullable String namedQuery, @Nullable Integer rescoreIndex, boolean missingAsZero)
        implements Writeable, ToXContentObject {

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
        Draft draft = PARSER.parse(parser, null);
        if (draft.namedQuery == null && draft.rescoreIndex == null) {
            throw new ParsingException(
                    parser.getTokenLocation(), "Either [named_query] or [rescore_index] must be set in a log spec");
        }
        if (draft.rescoreIndex != null && draft.rescoreIndex < 0) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "[rescore_index] must not be negative, got [" + draft.rescoreIndex + "]");
        }
        return new FeatureLogSpec(draft.name, draft.namedQuery, draft.rescoreIndex, draft.missingAsZero);
    }

    private static final class Draft {
        private String name;
        private String namedQuery;
        private Integer rescoreIndex;
        private boolean missingAsZero;
    }

    private static final ObjectParser<Draft, Void> PARSER = new ObjectParser<>("log_specs", Draft::new);

    static {
        PARSER.declareString((draft, value) -> draft.name = value, new ParseField("name"));
        PARSER.declareString((draft, value) -> draft.namedQuery = value, new ParseField("named_query"));
        PARSER.declareInt((draft, value) -> draft.rescoreIndex = value, new ParseField("rescore_index"));
        PARSER.declareBoolean((draft, value) -> draft.missingAsZero = value, new ParseField("missing_as_zero"));
    }
}
