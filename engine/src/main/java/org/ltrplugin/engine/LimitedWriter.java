package org.ltrplugin.engine;

import java.io.Writer;
import org.opensearch.common.Nullable;

/**
 * Where a template is rendered to. Sections that repeat within sections can multiply a small request into any amount of
 * text and time, so both the text and the repetitions are bounded.
 */
final class LimitedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int[] repetitions;

    /** A writer that shares the bound on repetitions with the writer around it, if that has one. */
    LimitedWriter(@Nullable Writer around) {
        repetitions = around instanceof LimitedWriter bounded ? bounded.repetitions : new int[1];
    }

    /** Counts one more repetition of a section. */
    void repeat() {
        if (++repetitions[0] > Limits.MAX_SECTION_REPETITIONS) {
            throw new IllegalArgumentException(
                    "a template repeats sections more than " + Limits.MAX_SECTION_REPETITIONS + " times");
        }
    }

    @Override
    public void write(char[] chars, int offset, int length) {
        text.append(chars, offset, length);
        if (text.length() > Limits.MAX_RENDERED_CHARS) {
            throw new IllegalArgumentException(
                    "a template renders to more than " + Limits.MAX_RENDERED_CHARS + " characters");
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
        return text.toString();
    }
}
