package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Arrays;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Scorer;

/**
 * Scores documents of one segment. When it knows the rescore window, it scores the documents of the window in blocks,
 * because a ranker is several times faster for many documents than for one.
 */
final class RankerScorer extends Scorer {
    private static final int MAX_BLOCK_DOCUMENTS = 512;
    private static final int MAX_BLOCK_FLOATS = 1 << 20;

    private final Ranker ranker;
    private final FeatureVector vector;
    private final DocIdSetIterator iterator;

    /** The documents of the window in this segment, in increasing order; empty when the window is not known. */
    private final int[] windowDocs;

    private final float[][] vectors;
    private final float[] scores;

    /** The current block: its first index in {@link #windowDocs} and its number of documents. */
    private int blockStart;

    private int blockSize;

    /** The last document that was scored without a window. */
    private int scoredDoc = -1;

    /** @param window document ids of the searcher, in increasing order; empty when the window is not known */
    RankerScorer(Ranker ranker, FeatureVector vector, LeafReaderContext segment, int[] window) {
        this.ranker = ranker;
        this.vector = vector;
        int maxDoc = segment.reader().maxDoc();
        this.iterator = DocIdSetIterator.all(maxDoc);
        this.windowDocs = Arrays.stream(window)
                .map(doc -> doc - segment.docBase)
                .filter(doc -> doc >= 0 && doc < maxDoc)
                .toArray();
        int featureCount = vector.values.length;
        int capacity = Math.clamp(MAX_BLOCK_FLOATS / (featureCount + 1), 1, MAX_BLOCK_DOCUMENTS);
        this.vectors = new float[Math.clamp(windowDocs.length, 1, capacity)][featureCount];
        this.scores = new float[vectors.length];
    }

    @Override
    public float score() throws IOException {
        int doc = iterator.docID();
        if (windowDocs.length > 0) {
            return scoreInWindow(doc);
        }
        if (scoredDoc != doc) {
            scoredDoc = doc;
            readFeatures(0, doc);
            ranker.score(vectors, 1, scores);
        }
        return scores[0];
    }

    private float scoreInWindow(int doc) throws IOException {
        int index = Arrays.binarySearch(windowDocs, blockStart, windowDocs.length, doc);
        if (index < 0) {
            throw new IllegalStateException(
                    "document [" + doc + "] is not in the window or comes before the current block");
        }
        if (index >= blockStart + blockSize) {
            blockStart = index;
            blockSize = Math.min(vectors.length, windowDocs.length - blockStart);
            for (int i = 0; i < blockSize; i++) {
                readFeatures(i, windowDocs[blockStart + i]);
            }
            ranker.score(vectors, blockSize, scores);
        }
        return scores[index - blockStart];
    }

    private void readFeatures(int row, int doc) throws IOException {
        vector.advance(doc);
        System.arraycopy(vector.values, 0, vectors[row], 0, vector.values.length);
    }

    @Override
    public int docID() {
        return iterator.docID();
    }

    @Override
    public DocIdSetIterator iterator() {
        return iterator;
    }

    @Override
    public float getMaxScore(int upTo) {
        return Float.POSITIVE_INFINITY;
    }
}
