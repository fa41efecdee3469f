package org.ltrplugin.engine;

import org.opensearch.core.ParseField;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

import java.io.IOException;

/** Rescales the value of one feature, in float32, just before the ranker sees it. */
sealed interface Normalizer extends ToXContentObject {
    float normalize(float value);

    /** Subtracts the mean, divides by the standard deviation. */
    record Standard(float mean, float standardDeviation) implements Normalizer {
        public Standard {
            if (Float.isFinite(mean) == false
                    || (standardDeviation > 0 && Float.isFinite(standardDeviation)) == false) {
                throw new IllegalArgumentException(
                        "[standard] needs a finite [mean] and a [standard_deviation] above 0, got ["
                                + mean
                                + "] and ["
                                + standardDeviation
                                + "]");
            }
        }

        @Override
        public float normalize(float value) {
            return (value - mean) / standardDeviation;
        }

        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params)
                throws IOException {
            builder.startObject().startObject("standard");
            return builder.field("mean", mean)
                    .field("standard_deviation", standardDeviation)
                    .endObject()
                    .endObject();
        }
    }

    /** Maps [minimum, maximum] to [0, 1]; values outside are not clamped. */
    record MinMax(float minimum, float maximum) implements Normalizer {
        public MinMax {
            if ((minimum >= 0 && minimum < maximum && Float.isFinite(maximum)) == false) {
                throw new IllegalArgumentException(
                        "[min_max] needs 0 <= [minimum] < [maximum], got ["
                                + minimum
                                + "] and ["
                                + maximum
                                + "]");
            }
        }

        @Override
        public float normalize(float value) {
            return (value - minimum) / (maximum - minimum);
        }

        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params)
                throws IOException {
            builder.startObject().startObject("min_max");
            return builder.field("minimum", minimum)
                    .field("maximum", maximum)
                    .endObject()
                    .endObject();
        }
    }

    static Normalizer parse(XContentParser parser) throws IOException {
        return Parsing.NORMALIZER.parse(parser, null).finish();
    }

    final class Parsing {
        private Normalizer normalizer;

        private void set(Normalizer value) {
            if (normalizer != null) {
                throw new IllegalArgumentException(
                        "a feature has one normalizer, [standard] or [min_max], not both");
            }
            normalizer = value;
        }

        private Normalizer finish() {
            if (normalizer == null) {
                throw new IllegalArgumentException("a normalizer is [standard] or [min_max]");
            }
            return normalizer;
        }

        private static final class Bounds {
            private Float mean;
            private Float standardDeviation;
            private float minimum = 0;
            private float maximum = Float.MAX_VALUE;

            private Standard standard() {
                if (mean == null || standardDeviation == null) {
                    throw new IllegalArgumentException(
                            "[standard] needs both [mean] and [standard_deviation]");
                }
                return new Standard(mean, standardDeviation);
            }
        }

        private static final ObjectParser<Parsing, Void> NORMALIZER =
                new ObjectParser<>("normalizer", Parsing::new);
        private static final ObjectParser<Bounds, Void> STANDARD =
                new ObjectParser<>("standard", Bounds::new);
        private static final ObjectParser<Bounds, Void> MIN_MAX =
                new ObjectParser<>("min_max", Bounds::new);

        static {
            STANDARD.declareFloat((bounds, value) -> bounds.mean = value, new ParseField("mean"));
            STANDARD.declareFloat(
                    (bounds, value) -> bounds.standardDeviation = value,
                    new ParseField("standard_deviation"));
            MIN_MAX.declareFloat(
                    (bounds, value) -> bounds.minimum = value, new ParseField("minimum"));
            MIN_MAX.declareFloat(
                    (bounds, value) -> bounds.maximum = value, new ParseField("maximum"));
            NORMALIZER.declareObject(
                    Parsing::set,
                    (p, ignored) -> STANDARD.parse(p, null).standard(),
                    new ParseField("standard"));
            NORMALIZER.declareObject(
                    Parsing::set,
                    (p, ignored) -> {
                        Bounds bounds = MIN_MAX.parse(p, null);
                        return new MinMax(bounds.minimum, bounds.maximum);
                    },
                    new ParseField("min_max"));
        }
    }
}
