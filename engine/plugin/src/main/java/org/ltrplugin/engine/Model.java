package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** A stored model: a ranker and a copy of the feature set that it was trained on. */
record Model(String name, FeatureSet featureSet, RankerDefinition ranker) implements Element {
    @Override
    public ElementType type() {
        return ElementType.MODEL;
    }

    @Override
    public long chars() {
        return featureSet.chars() + ranker.definition().text().length();
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field("name", name);
        return builder.field("feature_set", featureSet).field("model", ranker).endObject();
    }

    static Model parse(XContentParser parser, @Nullable String expectedName) throws IOException {
        Builder builder = PARSER.parse(parser, null);
        String name = Element.resolveName(parser, ElementType.MODEL, expectedName, builder.name);
        if (builder.featureSet == null || builder.ranker == null) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "Field ["
                            + (builder.featureSet == null ? "feature_set" : "model")
                            + "] is mandatory in model ["
                            + name
                            + "]");
        }
        return new Model(name, builder.featureSet, builder.ranker);
    }

    private static final class Builder {
        private String name;
        private FeatureSet featureSet;
        private RankerDefinition ranker;
    }

    private static final ObjectParser<Builder, Void> PARSER = new ObjectParser<>(ElementType.MODEL.key, Builder::new);

    static {
        PARSER.declareString((builder, value) -> builder.name = value, new ParseField("name"));
        PARSER.declareObject(
                (builder, value) -> builder.featureSet = value,
                (p, ignored) -> FeatureSet.parse(p, null),
                new ParseField("feature_set"));
        PARSER.declareObject(
                (builder, value) -> builder.ranker = value,
                (p, ignored) -> RankerDefinition.parse(p),
                new ParseField("model"));
    }
}
