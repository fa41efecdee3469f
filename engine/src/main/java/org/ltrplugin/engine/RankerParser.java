package org.ltrplugin.engine;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;

/** Reads the definition of one type of model. */
@FunctionalInterface
interface RankerParser {
    /**
     * The ranker for vectors laid out by these ordinals.
     *
     * @throws IllegalArgumentException when the definition is not one of this type
     */
    Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException;

    Map<String, RankerParser> BY_TYPE = Map.of(
            "model/linear", new LinearParser(),
            "model/ranklib", new RankLibParser(),
            "model/xgboost+json", new XGBoostJsonParser(),
            "model/xgboost+json+raw", new XGBoostRawParser());

    /** The ranker of a model over the features of its set, behind its normalizers. */
    static Ranker parse(RankerDefinition definition, FeatureSet set) throws IOException {
        RankerParser parser = BY_TYPE.get(definition.rankerType());
        if (parser == null) {
            throw new IllegalArgumentException("unsupported model type [%s], this engine has %s"
                    .formatted(
                            definition.rankerType(),
                            BY_TYPE.keySet().stream().sorted().toList()));
        }
        Map<String, Integer> ordinals = set.ordinals();
        Map<Integer, Normalizer> normalizers = new LinkedHashMap<>();
        definition.normalizers().forEach((name, normalizer) -> normalizers.put(ordinal(ordinals, name), normalizer));
        return NormalizedRanker.of(parser.parse(definition.definition(), ordinals), normalizers);
    }

    static int ordinal(Map<String, Integer> ordinals, String feature) {
        Integer ordinal = ordinals.get(feature);
        if (ordinal == null) {
            throw new IllegalArgumentException(
                    "unknown feature [" + feature + "], it is not in the model's feature set");
        }
        return ordinal;
    }

    /** A number of a model, which must survive as float32. */
    static float finite(XContentParser parser, String what) throws IOException {
        float value = parser.floatValue();
        if (Float.isFinite(value) == false) {
            throw new ParsingException(
                    parser.getTokenLocation(), what + " is not a finite float32 number: [" + parser.text() + "]");
        }
        return value;
    }
}
