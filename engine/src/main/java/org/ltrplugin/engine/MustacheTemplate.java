package org.ltrplugin.engine;

import com.github.mustachejava.Code;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;

import java.io.StringReader;
import java.util.Map;

/** A compiled mustache template, in the dialect of OpenSearch's search templates. */
final class MustacheTemplate {
    private static final MustacheDialect DIALECT = new MustacheDialect();
    private final Mustache mustache;
    private final int chars;

    private MustacheTemplate(Mustache mustache, int chars) {
        this.mustache = mustache;
        this.chars = chars;
    }

    /** Throws IllegalArgumentException when the text is no template of this dialect. */
    static MustacheTemplate compile(String text) {
        if (text.length() > Guards.MAX_TEMPLATE_CHARS) {
            throw new IllegalArgumentException(
                    "a template has "
                            + text.length()
                            + " characters, at most "
                            + Guards.MAX_TEMPLATE_CHARS
                            + " are allowed");
        }
        try {
            Mustache mustache = DIALECT.compile(new StringReader(text), "feature");
            checkDepth(mustache, 0);
            return new MustacheTemplate(mustache, text.length());
        } catch (MustacheException e) {
            throw new IllegalArgumentException("a template does not compile: " + e.getMessage(), e);
        } catch (StackOverflowError e) {
            // The parser recurses into sections and keeps no state outside the call, so nothing is
            // left half done.
            throw tooDeep();
        }
    }

    private static void checkDepth(Code code, int depth) {
        if (depth > Guards.MAX_TEMPLATE_SECTION_DEPTH) {
            throw tooDeep();
        }
        if (code.getCodes() != null) {
            for (Code inner : code.getCodes()) {
                checkDepth(inner, depth + 1);
            }
        }
    }

    private static IllegalArgumentException tooDeep() {
        return new IllegalArgumentException(
                "a template nests sections deeper than " + Guards.MAX_TEMPLATE_SECTION_DEPTH);
    }

    String render(Map<String, Object> params) {
        BoundedWriter writer = new BoundedWriter(null);
        try {
            mustache.execute(writer, params);
        } catch (MustacheException e) {
            throw new IllegalArgumentException(
                    "a template cannot be rendered: " + e.getMessage(), e);
        }
        return writer.toString();
    }

    long ramBytesUsed() {
        return 16L * chars; // the compiled form, by and large
    }
}
