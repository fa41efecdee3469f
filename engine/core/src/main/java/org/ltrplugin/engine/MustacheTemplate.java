package org.ltrplugin.engine;

import com.github.mustachejava.Code;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import java.io.StringReader;
import java.util.Map;

/** A compiled mustache template, in the dialect of OpenSearch search templates. */
record MustacheTemplate(Mustache mustache, long ramBytesUsed) {
    private static final JsonMustacheFactory FACTORY = new JsonMustacheFactory();

    /** Heap bytes of one code of a compiled template, measured. */
    private static final int BYTES_PER_CODE = 230;

    /** Throws IllegalArgumentException when the text is not a valid template. */
    static MustacheTemplate compile(String text) {
        if (text.length() > Limits.MAX_TEMPLATE_CHARS) {
            throw new IllegalArgumentException("a template has [%d] characters, at most [%d] are allowed"
                    .formatted(text.length(), Limits.MAX_TEMPLATE_CHARS));
        }
        try {
            Mustache mustache = FACTORY.compile(new StringReader(text), "feature");
            return new MustacheTemplate(mustache, text.length() + (long) BYTES_PER_CODE * countCodes(mustache, 0));
        } catch (MustacheException e) {
            throw new IllegalArgumentException("a template does not compile: " + e.getMessage(), e);
        } catch (StackOverflowError e) {
            // The parser recurses into sections. It keeps no state outside this call, so the error has no side effects.
            throw tooDeep();
        }
    }

    /** Counts the codes of a template. Throws IllegalArgumentException when sections are nested too deep to render. */
    private static int countCodes(Code code, int depth) {
        if (depth > Limits.MAX_TEMPLATE_SECTION_DEPTH) {
            throw tooDeep();
        }
        int count = 1;
        if (code.getCodes() != null) {
            for (Code inner : code.getCodes()) {
                count += countCodes(inner, depth + 1);
            }
        }
        return count;
    }

    private static IllegalArgumentException tooDeep() {
        return new IllegalArgumentException(
                "a template has more than " + Limits.MAX_TEMPLATE_SECTION_DEPTH + " nested sections");
    }

    /** Throws IllegalArgumentException when the template cannot be rendered with these params. */
    String render(Map<String, Object> params) {
        LimitedWriter writer = new LimitedWriter(null);
        try {
            mustache.execute(writer, params);
        } catch (MustacheException e) {
            throw new IllegalArgumentException("a template cannot be rendered: " + e.getMessage(), e);
        }
        return writer.toString();
    }
}
