package org.ltrplugin.engine;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;

/** Parses the definitions of one model type. */
@FunctionalInterface
interface RankerParser {
    /**
     * Parses a definition.
     *
     * @param ordinals by feature name, the position of the feature in the vectors that the ranker scores
     * @throws IllegalArgumentException when the definition is invalid
     */
    Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException;

    Map<String, RankerParser> BY_TYPE = Map.of(
            "model/linear", new LinearParser(),
            "model/ranklib", new RankLibParser(),
            "model/xgboost+json", new XGBoostJsonParser(),
            "model/xgboost+json+raw", new XGBoostRawParser());

    /** Parses the ranker of a model, with the normalizers of its features. */
    static Ranker parse(RankerDefinition definition, FeatureSet set) throws IOException {
        RankerParser parser = BY_TYPE.get(definition.rankerType());
        if (parser == null) {
            throw new IllegalArgumentException("unsupported model type [%s], use one of %s"
                    .formatted(
                            definition.rankerType(),
                            BY_TYPE.keySet().stream().sorted().toList()));
        }
        Map<String, Integer> ordinals = set.ordinals();
        Map<Integer, Normalizer> normalizers = new LinkedHashMap<>();
        definition.normalizers().forEach((name, normalizer) -> normalizers.put(ordinal(ordinals, name), normalizer));
        return NormalizedRanker.of(parser.parse(definition.definition(), ordinals), normalizers);
    }

    /** The ordinal of a feature. Throws IllegalArgumentException when the feature set does not have it. */
    static int ordinal(Map<String, Integer> ordinals, String feature) {
        Integer ordinal = ordinals.get(feature);
        if (ordinal == null) {
            throw new IllegalArgumentException(
                    "unknown feature [" + feature + "], it is not in the model's feature set");
        }
        return ordinal;
    }

    /**
     * The number at the parser's position, which must be finite as float32.
     *
     * @param subject what the number is, for the error message
     */
    static float parseFinite(XContentParser parser, String subject) throws IOException {
        float value = parser.floatValue();
        if (Float.isFinite(value) == false) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    subject + " must be a finite float32 number, got [" + parser.text() + "]");
        }
        return value;
    }
}
