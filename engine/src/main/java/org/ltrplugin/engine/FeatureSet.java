package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.opensearch.common.Nullable;
import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.AbstractObjectParser;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ObjectParser.ValueType;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** Features in a fixed order; the position of a feature is its ordinal. */
record FeatureSet(String name, List<Feature> features) implements Element {
    private static final int MAX_GROWN_SIZE = 10_000;

    FeatureSet {
        features = List.copyOf(features);
        checkDistinct(features);
    }

    @Override
    public ElementType type() {
        return ElementType.FEATURESET;
    }

    /** The ordinal of each feature by name, in ordinal order. */
    Map<String, Integer> ordinals() {
        Map<String, Integer> ordinals = LinkedHashMap.newLinkedHashMap(features.size());
        features.forEach(feature -> ordinals.put(feature.name(), ordinals.size()));
        return ordinals;
    }

    /**
     * This set with more features at its end. Of a name that is already here, {@code merge} replaces the feature in its
     * place.
     */
    FeatureSet with(List<Feature> more, boolean merge) {
        checkDistinct(more);
        Map<String, Feature> grown = new LinkedHashMap<>();
        features.forEach(feature -> grown.put(feature.name(), feature));
        for (Feature feature : more) {
            if (grown.put(feature.name(), feature) != null && merge == false) {
                throw definedTwice(feature);
            }
        }
        if (grown.size() > MAX_GROWN_SIZE) {
            throw new IllegalArgumentException("Feature set [%s] would have %d features, at most %d are allowed"
                    .formatted(name, grown.size(), MAX_GROWN_SIZE));
        }
        return new FeatureSet(name, new ArrayList<>(grown.values()));
    }

    private static void checkDistinct(List<Feature> features) {
        Set<String> names = HashSet.newHashSet(features.size());
        for (Feature feature : features) {
            if (names.add(feature.name()) == false) {
                throw definedTwice(feature);
            }
        }
    }

    private static IllegalArgumentException definedTwice(Feature feature) {
        return new IllegalArgumentException("Feature [" + feature.name() + "] defined twice in this set");
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field("name", name).startArray("features");
        for (Feature feature : features) {
            feature.toXContent(builder, params);
        }
        return builder.endArray().endObject();
    }

    static FeatureSet parse(XContentParser parser, @Nullable String expectedName) throws IOException {
        Builder builder = PARSER.parse(parser, null);
        return new FeatureSet(
                Element.settleName(parser, ElementType.FEATURESET, expectedName, builder.name), builder.features);
    }

    /** Lets a body have the field {@code features}: an array of features, or one of them. */
    static <Body> void declareFeatures(AbstractObjectParser<Body, ?> body, BiConsumer<Body, List<Feature>> set) {
        body.declareField(set, (p, ignored) -> features(p), new ParseField("features"), ValueType.OBJECT_ARRAY);
    }

    private static List<Feature> features(XContentParser parser) throws IOException {
        if (parser.currentToken() == XContentParser.Token.START_OBJECT) {
            return List.of(Feature.parse(parser, null));
        }
        List<Feature> features = new ArrayList<>();
        while (parser.nextToken() != XContentParser.Token.END_ARRAY) {
            features.add(Feature.parse(parser, null));
            if (features.size() > Limits.MAX_FEATURES) {
                throw new IllegalArgumentException("a set has more than " + Limits.MAX_FEATURES + " features");
            }
        }
        return features;
    }

    private static final class Builder {
        private String name;
        private List<Feature> features = List.of();
    }

    private static final ObjectParser<Builder, Void> PARSER =
            new ObjectParser<>(ElementType.FEATURESET.key, Builder::new);

    static {
        PARSER.declareString((builder, value) -> builder.name = value, new ParseField("name"));
        declareFeatures(PARSER, (builder, value) -> builder.features = value);
    }
}
