package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;

/** Reads numbers of a model, which must survive as float32. */
final class FiniteFloat {
    private FiniteFloat() {}

    static float read(XContentParser parser, String what) throws IOException {
        float value = parser.floatValue();
        if (Float.isFinite(value) == false) {
            throw new ParsingException(
                    parser.getTokenLocation(), what + " is not a finite float32 number: [" + parser.text() + "]");
        }
        return value;
    }
}
