package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.common.Nullable;
import org.opensearch.core.ParseField;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** A ranker with its own copy of the feature set it was trained on. */
record Model(String name, FeatureSet featureSet, RankerDefinition ranker) implements Element {
    @Override
    public ElementType type() {
        return ElementType.MODEL;
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field("name", name);
        return builder.field("feature_set", featureSet).field("model", ranker).endObject();
    }

    static Model parse(XContentParser parser, @Nullable String expectedName) throws IOException {
        Draft draft = PARSER.parse(parser, null);
        String name = Element.settleName(parser, ElementType.MODEL, expectedName, draft.name);
        if (draft.featureSet == null || draft.ranker == null) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "Field ["
                            + (draft.featureSet == null ? "feature_set" : "model")
                            + "] is mandatory in model ["
                            + name
                            + "]");
        }
        return new Model(name, draft.featureSet, draft.ranker);
    }

    private static final class Draft {
        private String name;
        private FeatureSet featureSet;
        private RankerDefinition ranker;
    }

    private static final ObjectParser<Draft, Void> PARSER = new ObjectParser<>(ElementType.MODEL.key, Draft::new);

    static {
        PARSER.declareString((draft, value) -> draft.name = value, new ParseField("name"));
        PARSER.declareObject(
                (draft, value) -> draft.featureSet = value,
                (p, ignored) -> FeatureSet.parse(p, null),
                new ParseField("feature_set"));
        PARSER.declareObject(
                (draft, value) -> draft.ranker = value,
                (p, ignored) -> RankerDefinition.parse(p),
                new ParseField("model"));
    }
}
