package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;

/** A stored feature, compiled once and bound to the params of many requests. Immutable. */
interface CompiledFeature {
    String name();

    /** The names of the params that each request must have. */
    List<String> params();

    /** Binds the feature to the params of a request on one shard. */
    BoundFeature bind(FeatureContext context) throws IOException;

    long ramBytesUsed();

    /**
     * Compiles a stored feature.
     *
     * @throws IllegalArgumentException when its template does not compile or its language is not supported
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
