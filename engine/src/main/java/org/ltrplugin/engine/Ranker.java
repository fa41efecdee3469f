package org.ltrplugin.engine;

/**
 * Turns the feature values of documents into their scores. Immutable, and shared by all searches of the node. A vector
 * belongs to the ranker once it is passed in: it may be overwritten.
 */
interface Ranker {
    /** The name that explanations show. */
    String name();

    /** What stands in the vector for a feature that does not match the document: 0 or NaN. */
    float missingValue();

    float score(float[] vector);

    /** Scores so many documents as one by one, bit for bit. */
    default void score(float[][] vectors, int count, float[] scores) {
        for (int i = 0; i < count; i++) {
            scores[i] = score(vectors[i]);
        }
    }

    long ramBytesUsed();
}
