package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;

/** A feature for one searcher, as a Lucene {@code Weight} is a query for one searcher. */
interface FeatureWeight {
    /**
     * A reader of the feature in one segment.
     *
     * @param vector the values of the current document; features with smaller ordinals are read before this one
     */
    FeatureReader reader(LeafReaderContext segment, float[] vector, long leadCost) throws IOException;

    /** Explains the value of the feature for a document that it matches. */
    Explanation explain(LeafReaderContext segment, int doc, float value) throws IOException;
}
