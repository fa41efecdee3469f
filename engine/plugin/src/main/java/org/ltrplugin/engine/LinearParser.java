package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Map;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;

/** Parses {@code model/linear}: an object of feature names and weights. A feature without a weight has weight 0. */
final class LinearParser implements RankerParser {
    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        float[] weights = new float[ordinals.size()];
        try (XContentParser parser = definition.parser()) {
            if (parser.nextToken() != XContentParser.Token.START_OBJECT) {
                throw new ParsingException(
                        parser.getTokenLocation(), "a linear model must be an object of feature names and weights");
            }
            while (parser.nextToken() == XContentParser.Token.FIELD_NAME) {
                String feature = parser.currentName();
                int ordinal = RankerParser.ordinal(ordinals, feature);
                if (parser.nextToken() != XContentParser.Token.VALUE_NUMBER) {
                    throw new ParsingException(
                            parser.getTokenLocation(), "the weight of feature [" + feature + "] must be a number");
                }
                weights[ordinal] = RankerParser.parseFinite(parser, "the weight of feature [" + feature + "]");
            }
        }
        return new LinearRanker(weights);
    }
}
