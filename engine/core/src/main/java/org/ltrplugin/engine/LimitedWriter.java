package org.ltrplugin.engine;

import java.io.Writer;

/**
 * Collects the text that a template renders to. Nested sections over lists can turn a small request into any amount of
 * text and time, so the length of the text and the number of repetitions are limited.
 */
final class LimitedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int[] repetitions;

    /** Creates a writer for a section. It counts repetitions together with the writer of the surrounding template. */
    LimitedWriter(@Nullable Writer parent) {
        repetitions = parent instanceof LimitedWriter limited ? limited.repetitions : new int[1];
    }

    /** Counts one repetition of a section. */
    void countRepetition() {
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
