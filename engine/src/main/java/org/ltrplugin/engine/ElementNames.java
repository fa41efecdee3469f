package org.ltrplugin.engine;

import org.opensearch.common.Nullable;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;

/** Settles the name of an element between what the request's path and what its body say. */
final class ElementNames {
    private ElementNames() {}

    static String resolve(
            XContentParser parser,
            ElementType type,
            @Nullable String expected,
            @Nullable String given) {
        if (given == null && expected == null) {
            throw new ParsingException(
                    parser.getTokenLocation(), "Field [name] is mandatory in a [" + type.key + "]");
        }
        if (given != null && expected != null && given.equals(expected) == false) {
            throw new ParsingException(
                    parser.getTokenLocation(),
                    "Invalid [name], expected [" + expected + "] but got [" + given + "]");
        }
        return given == null ? expected : given;
    }
}
