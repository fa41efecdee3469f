package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.index.LeafReaderContext;

/** The feature values of the current document of one segment. Not thread-safe. */
final class FeatureVector {
    /** The values of the current document, by ordinal. */
    final float[] values;

    private final boolean[] matched;
    private final FeatureReader[] readers;
    private final float missingValue;

    FeatureVector(List<FeatureWeight> weights, LeafReaderContext segment, float missingValue, long leadCost)
            throws IOException {
        this.values = new float[weights.size()];
        this.matched = new boolean[weights.size()];
        this.readers = new FeatureReader[weights.size()];
        this.missingValue = missingValue;
        for (int i = 0; i < readers.length; i++) {
            readers[i] = weights.get(i).reader(segment, values, leadCost);
        }
    }

    /**
     * Reads the values of a document. A derived feature sees the values of the features with smaller ordinals; the
     * others still have the missing value.
     */
    void advance(int doc) throws IOException {
        Arrays.fill(values, missingValue);
        for (int i = 0; i < readers.length; i++) {
            matched[i] = readers[i].advanceExact(doc);
            if (matched[i]) {
                values[i] = readers[i].value();
            }
        }
    }

    boolean matched(int ordinal) {
        return matched[ordinal];
    }
}
