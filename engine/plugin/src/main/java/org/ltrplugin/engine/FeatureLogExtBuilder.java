package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.ConstructingObjectParser;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.search.SearchExtBuilder;

/** {@code ext.ltr_log}: requests the feature values of each hit. */
final class FeatureLogExtBuilder extends SearchExtBuilder {
    static final String NAME = "ltr_log";
    private static final ParseField SPECS = new ParseField("log_specs");

    private final List<FeatureLogSpec> specs;

    private FeatureLogExtBuilder(List<FeatureLogSpec> specs) {
        this.specs = List.copyOf(specs);
    }

    FeatureLogExtBuilder(StreamInput in) throws IOException {
        this(in.readList(FeatureLogSpec::new));
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeList(specs);
    }

    List<FeatureLogSpec> specs() {
        return specs;
    }

    private static final ConstructingObjectParser<FeatureLogExtBuilder, Void> PARSER =
            new ConstructingObjectParser<>(NAME, args -> {
                @SuppressWarnings("unchecked")
                List<FeatureLogSpec> specs = (List<FeatureLogSpec>) args[0];
                return new FeatureLogExtBuilder(specs);
            });

    static {
        PARSER.declareObjectArray(
                ConstructingObjectParser.constructorArg(), (p, ignored) -> FeatureLogSpec.parse(p), SPECS);
    }

    static FeatureLogExtBuilder parse(XContentParser parser) throws IOException {
        try {
            FeatureLogExtBuilder ext = PARSER.parse(parser, null);
            if (ext.specs.isEmpty()) {
                throw new ParsingException(
                        parser.getTokenLocation(), "[" + NAME + "] must have at least one of [log_specs]");
            }
            return ext;
        } catch (IllegalArgumentException e) {
            throw new ParsingException(parser.getTokenLocation(), e.getMessage(), e);
        }
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject(NAME).startArray(SPECS.getPreferredName());
        for (FeatureLogSpec spec : specs) {
            spec.toXContent(builder, params);
        }
        return builder.endArray().endObject();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureLogExtBuilder ext && specs.equals(ext.specs);
    }

    @Override
    public int hashCode() {
        return specs.hashCode();
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }
}
