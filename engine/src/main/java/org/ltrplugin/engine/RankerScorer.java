package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Arrays;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Scorer;

/**
 * Scores documents of one segment. Where it is told which ones it will be asked for, it scores them in blocks, since a
 * ranker is several times faster over many documents than over one.
 */
final class RankerScorer extends Scorer {
    private static final int MAX_BLOCK = 512;
    private static final int MAX_BLOCK_VALUES = 1 << 20;

    private final Ranker ranker;
    private final FeatureVector vector;
    private final DocIdSetIterator documents;

    /** The documents that will be scored, in increasing order; empty when that is not known. */
    private final int[] expected;

    private final float[][] vectors;
    private final float[] scores;

    /** Where the block scored last begins in {@link #expected}, and how many documents it has. */
    private int start;

    private int size;
    private int scored = -1;

    /** @param window documents of the whole index, in increasing order */
    RankerScorer(Ranker ranker, FeatureVector vector, LeafReaderContext segment, int[] window) {
        this.ranker = ranker;
        this.vector = vector;
        int maxDoc = segment.reader().maxDoc();
        this.documents = DocIdSetIterator.all(maxDoc);
        this.expected = Arrays.stream(window)
                .map(doc -> doc - segment.docBase)
                .filter(doc -> doc >= 0 && doc < maxDoc)
                .toArray();
        int features = vector.values.length;
        int capacity = Math.clamp(MAX_BLOCK_VALUES / (features + 1), 1, MAX_BLOCK);
        this.vectors = new float[Math.clamp(expected.length, 1, capacity)][features];
        this.scores = new float[vectors.length];
    }

    @Override
    public float score() throws IOException {
        int doc = documents.docID();
        if (expected.length > 0) {
            return scoreExpected(doc);
        }
        if (scored != doc) {
            scored = doc;
            read(0, doc);
            ranker.score(vectors, 1, scores);
        }
        return scores[0];
    }

    private float scoreExpected(int doc) throws IOException {
        int place = Arrays.binarySearch(expected, start, expected.length, doc);
        if (place < 0) {
            throw new IllegalStateException("document [" + doc + "] is not in the window, or behind it");
        }
        if (place >= start + size) {
            start = place;
            size = Math.min(vectors.length, expected.length - start);
            for (int i = 0; i < size; i++) {
                read(i, expected[start + i]);
            }
            ranker.score(vectors, size, scores);
        }
        return scores[place - start];
    }

    private void read(int i, int doc) throws IOException {
        vector.read(doc);
        System.arraycopy(vector.values, 0, vectors[i], 0, vector.values.length);
    }

    @Override
    public int docID() {
        return documents.docID();
    }

    @Override
    public DocIdSetIterator iterator() {
        return documents;
    }

    @Override
    public float getMaxScore(int upTo) {
        return Float.POSITIVE_INFINITY;
    }
}
