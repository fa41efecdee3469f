package org.ltrplugin.engine;

import java.util.Locale;

/** The three kinds of element a store keeps. */
enum ElementType {
    FEATURE,
    FEATURESET,
    MODEL;

    /** The name in paths, bodies and stored documents. */
    final String key = name().toLowerCase(Locale.ROOT);
}
