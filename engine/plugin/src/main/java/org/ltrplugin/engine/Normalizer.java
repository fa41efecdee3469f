package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * Normalizes the value of one feature, in float32, before the ranker reads it.
 *
 * @param first the mean or the minimum
 * @param second the standard deviation or the maximum
 */
record Normalizer(Kind kind, float first, float second) implements ToXContentObject {
    /**
     * STANDARD subtracts the mean and divides by the standard deviation. MIN_MAX maps the minimum to 0 and the maximum
     * to 1, without clamping.
     */
    enum Kind {
        STANDARD("standard", "mean", "standard_deviation"),
        MIN_MAX("min_max", "minimum", "maximum");

        private final String key;
        private final String first;
        private final String second;

        Kind(String key, String first, String second) {
            this.key = key;
            this.first = first;
            this.second = second;
        }
    }

    Normalizer {
        boolean ordered = kind == Kind.STANDARD ? second > 0 : first >= 0 && second > first;
        if (ordered == false || Float.isFinite(first) == false || Float.isFinite(second) == false) {
            throw new IllegalArgumentException(
                    kind == Kind.STANDARD
                            ? "[standard] must have a finite [mean] and [standard_deviation] > 0, got [%s] and [%s]"
                                    .formatted(first, second)
                            : "[min_max] must have 0 <= [minimum] < [maximum], got [%s] and [%s]"
                                    .formatted(first, second));
        }
    }

    float normalize(float value) {
        return (value - first) / (kind == Kind.STANDARD ? second : second - first);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().startObject(kind.key);
        return builder.field(kind.first, first)
                .field(kind.second, second)
                .endObject()
                .endObject();
    }

    static Normalizer parse(XContentParser parser) throws IOException {
        Normalizer[] parsed = PARSER.parse(parser, null);
        if (parsed[0] == null) {
            throw new IllegalArgumentException("a normalizer must be [standard] or [min_max]");
        }
        return parsed[0];
    }

    private static Normalizer of(Kind kind, Float[] numbers) {
        if (kind == Kind.STANDARD && (numbers[0] == null || numbers[1] == null)) {
            throw new IllegalArgumentException("[standard] must have both [mean] and [standard_deviation]");
        }
        float first = numbers[0] == null ? 0 : numbers[0];
        return new Normalizer(kind, first, numbers[1] == null ? Float.MAX_VALUE : numbers[1]);
    }

    private static final ObjectParser<Normalizer[], Void> PARSER =
            new ObjectParser<>("normalizer", () -> new Normalizer[1]);

    static {
        for (Kind kind : Kind.values()) {
            ObjectParser<Float[], Void> numbers = new ObjectParser<>(kind.key, () -> new Float[2]);
            numbers.declareFloat((parsed, value) -> parsed[0] = value, new ParseField(kind.first));
            numbers.declareFloat((parsed, value) -> parsed[1] = value, new ParseField(kind.second));
            PARSER.declareObject(
                    (parsed, normalizer) -> {
                        if (parsed[0] != null) {
                            throw new IllegalArgumentException(
                                    "a feature must have one normalizer, [standard] or [min_max], not both");
                        }
                        parsed[0] = normalizer;
                    },
                    (p, ignored) -> of(kind, numbers.parse(p, null)),
                    new ParseField(kind.key));
        }
    }
}
