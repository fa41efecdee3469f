package org.ltrplugin.engine;

/**
 * Turns the feature values of one document into its score. Immutable, and shared by all searches of
 * the node.
 */
interface Ranker {
    /** The name that explanations show. */
    String name();

    /** What stands in the vector for a feature that does not match the document: 0 or NaN. */
    float missingValue();

    /**
     * The score of one document. The vector belongs to the ranker from here on: it may overwrite
     * it.
     */
    float score(float[] vector);

    long ramBytesUsed();
}
