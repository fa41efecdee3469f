package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.AbstractObjectParser;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ObjectParser.ValueType;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** Features in a fixed order. The position of a feature is its ordinal. */
record FeatureSet(String name, List<Feature> features) implements Element {
    private static final int MAX_FEATURES_AFTER_ADD = 10_000;

    FeatureSet {
        features = List.copyOf(features);
        checkDistinct(features);
    }

    @Override
    public ElementType type() {
        return ElementType.FEATURESET;
    }

    @Override
    public long chars() {
        return features.stream().mapToLong(Feature::chars).sum();
    }

    /** The ordinal of each feature by name, in ordinal order. */
    Map<String, Integer> ordinals() {
        Map<String, Integer> ordinals = LinkedHashMap.newLinkedHashMap(features.size());
        features.forEach(feature -> ordinals.put(feature.name(), ordinals.size()));
        return ordinals;
    }

    /**
     * This set with more features at the end.
     *
     * @param merge whether a feature whose name the set already has replaces the old one; otherwise it is an error
     */
    FeatureSet with(List<Feature> more, boolean merge) {
        checkDistinct(more);
        Map<String, Feature> merged = new LinkedHashMap<>();
        features.forEach(feature -> merged.put(feature.name(), feature));
        for (Feature feature : more) {
            if (merged.put(feature.name(), feature) != null && merge == false) {
                throw duplicate(feature);
            }
        }
        if (merged.size() > MAX_FEATURES_AFTER_ADD) {
            throw new IllegalArgumentException("Feature set [%s] would have %d features, at most %d are allowed"
                    .formatted(name, merged.size(), MAX_FEATURES_AFTER_ADD));
        }
        return new FeatureSet(name, new ArrayList<>(merged.values()));
    }

    private static void checkDistinct(List<Feature> features) {
        Set<String> names = HashSet.newHashSet(features.size());
        for (Feature feature : features) {
            if (names.add(feature.name()) == false) {
                throw duplicate(feature);
            }
        }
    }

    private static IllegalArgumentException duplicate(Feature feature) {
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
                Element.resolveName(parser, ElementType.FEATURESET, expectedName, builder.name), builder.features);
    }

    /** Declares the field {@code features} of a request body: an array of features, or a single feature. */
    static <Body> void declareFeatures(AbstractObjectParser<Body, ?> body, BiConsumer<Body, List<Feature>> set) {
        body.declareField(set, (p, ignored) -> parseFeatures(p), new ParseField("features"), ValueType.OBJECT_ARRAY);
    }

    private static List<Feature> parseFeatures(XContentParser parser) throws IOException {
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
