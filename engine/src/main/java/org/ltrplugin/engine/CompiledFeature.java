package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;

/** A stored feature made ready, once, to be bound to many requests. Immutable. */
interface CompiledFeature {
    String name();

    /** Names for which every request must give a value. */
    List<String> params();

    /** The feature as one request asks for it on one shard. */
    BoundFeature bind(FeatureContext context) throws IOException;

    long ramBytesUsed();

    /**
     * Compiles a stored feature.
     *
     * @throws IllegalArgumentException when its template does not compile, or is of a kind this engine lacks
     */
    static CompiledFeature of(Feature feature) {
        return switch (feature.language()) {
            case Feature.MUSTACHE -> MustacheFeature.compile(feature);
            case DerivedFeature.LANGUAGE -> DerivedFeature.compile(feature);
            case "script_feature" ->
                throw new IllegalArgumentException("feature ["
                        + feature.name()
                        + "] has template_language [script_feature], which this engine"
                        + " does not support");
            default -> new ScriptFilterFeature(feature);
        };
    }
}
