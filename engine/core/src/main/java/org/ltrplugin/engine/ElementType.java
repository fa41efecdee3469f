package org.ltrplugin.engine;

import java.util.Locale;

/** The types of the elements of a store. */
enum ElementType {
    FEATURE,
    FEATURESET,
    MODEL;

    /** The name in paths, bodies and stored documents. */
    final String key = name().toLowerCase(Locale.ROOT);
}
