package org.ltrplugin.engine;

import java.io.IOException;

/** The values of one feature in one segment, for documents in increasing order. Used by one thread. */
interface FeatureReader {
    FeatureReader NEVER = new FeatureReader() {
        @Override
        public boolean matches(int doc) {
            return false;
        }

        @Override
        public float value() {
            throw new IllegalStateException("no document matches this feature");
        }
    };

    boolean matches(int doc) throws IOException;

    /** The value for the document that was found to match last. */
    float value() throws IOException;
}
