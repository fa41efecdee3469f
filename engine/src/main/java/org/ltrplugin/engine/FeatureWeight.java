package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;

/** A feature on one searcher, from which each segment gets its own reader. */
interface FeatureWeight {
    /** Reads the feature in one segment. {@code vector} is where the values of the features before it will stand. */
    FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) throws IOException;

    /** Why the feature has the value it has for a document that it matches. */
    Explanation explain(LeafReaderContext segment, int doc, float value) throws IOException;
}
