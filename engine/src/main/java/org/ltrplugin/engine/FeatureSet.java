package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opensearch.common.Nullable;
import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.ObjectParser;
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
     * This set with more features at its end. Of a name that is already here, {@code merge}
     * replaces the feature in its place.
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
            throw new IllegalArgumentException("Feature set ["
                    + name
                    + "] would have "
                    + grown.size()
                    + " features, at most "
                    + MAX_GROWN_SIZE
                    + " are allowed");
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
        Draft draft = PARSER.parse(parser, null);
        return new FeatureSet(
                Element.settleName(parser, ElementType.FEATURESET, expectedName, draft.name), draft.features);
    }

    private static final class Draft {
        private String name;
        private List<Feature> features = List.of();
    }

    private static final ObjectParser<Draft, Void> PARSER = new ObjectParser<>(ElementType.FEATURESET.key, Draft::new);

    static {
        PARSER.declareString((draft, value) -> draft.name = value, new ParseField("name"));
        PARSER.declareObjectArray(
                (draft, value) -> draft.features = value,
                (p, ignored) -> Feature.parse(p, null),
                new ParseField("features"));
    }
}
