package org.ltrplugin.engine;

/**
 * Computes the score of a document from its feature values. Immutable, and shared by all searches of the node. A ranker
 * may overwrite the vectors that it gets.
 */
interface Ranker {
    /** The name in explanations. */
    String name();

    /** The value of a feature that does not match the document: 0 or NaN. */
    float missingValue();

    float score(float[] vector);

    /** Scores the first {@code count} vectors. The scores are bit for bit those of {@link #score(float[])}. */
    default void score(float[][] vectors, int count, float[] scores) {
        for (int i = 0; i < count; i++) {
            scores[i] = score(vectors[i]);
        }
    }

    long ramBytesUsed();
}
