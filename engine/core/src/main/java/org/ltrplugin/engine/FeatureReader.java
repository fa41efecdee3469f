package org.ltrplugin.engine;

import java.io.IOException;

/** Reads the values of one feature in one segment, for documents in increasing order. Not thread-safe. */
interface FeatureReader {
    /** A feature that matches no document. */
    FeatureReader NO_MATCH = new FeatureReader() {
        @Override
        public boolean advanceExact(int doc) {
            return false;
        }

        @Override
        public float value() {
            throw new IllegalStateException("no document matches this feature");
        }
    };

    /** Advances to a document. Returns whether the feature matches it. */
    boolean advanceExact(int doc) throws IOException;

    /** The value for the current document, which must match. */
    float value() throws IOException;
}
