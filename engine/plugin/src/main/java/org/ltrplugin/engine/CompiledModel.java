package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.index.query.QueryShardException;

/**
 * A compiled model. A feature set compiles to the model that sums its features. Immutable, and shared by all searches.
 */
record CompiledModel(
        String name, List<CompiledFeature> features, Map<String, Integer> ordinals, Ranker ranker, long ramBytesUsed) {
    /** Heap bytes of a feature's name, params and list entries. */
    private static final int BYTES_PER_FEATURE = 128;

    /** Throws IllegalArgumentException when a feature of the set does not compile. */
    static CompiledModel of(FeatureSet set) {
        return of(set.name(), set, LinearRanker.sum(set.features().size()));
    }

    /** Throws IllegalArgumentException when a feature or the definition does not compile. */
    static CompiledModel of(Model model) {
        try {
            return of(model.name(), model.featureSet(), RankerParser.parse(model.ranker(), model.featureSet()));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "Cannot parse model [%s] of type [%s]: %s"
                            .formatted(model.name(), model.ranker().rankerType(), e.getMessage()),
                    e);
        }
    }

    private static CompiledModel of(String name, FeatureSet set, Ranker ranker) {
        List<CompiledFeature> features = new ArrayList<>(set.features().size());
        long bytes = ranker.ramBytesUsed();
        for (Feature feature : set.features()) {
            CompiledFeature compiled = CompiledFeature.of(feature);
            features.add(compiled);
            bytes += BYTES_PER_FEATURE + compiled.ramBytesUsed();
            if (bytes > Limits.MAX_COMPILED_BYTES) {
                throw new IllegalArgumentException("the compiled features and ranker of [" + name + "] take more than "
                        + Limits.MAX_COMPILED_BYTES + " bytes");
            }
        }
        return new CompiledModel(name, List.copyOf(features), set.ordinals(), ranker, bytes);
    }

    /**
     * Creates the query that scores the documents of a shard.
     *
     * @param active the names of the features to use; all features when empty
     * @throws QueryShardException when a param is missing, an active feature is unknown or a feature is not a valid
     *     query
     */
    RankerQuery bind(QueryShardContext shard, Map<String, Object> params, Set<String> active) {
        for (String feature : active) {
            if (ordinals.containsKey(feature) == false) {
                throw new QueryShardException(
                        shard, "Feature: [" + feature + "] provided in active_features does not exist");
            }
        }
        List<CompiledFeature> used = features.stream()
                .filter(f -> active.isEmpty() || active.contains(f.name()))
                .toList();
        List<String> missing = used.stream()
                .flatMap(f -> f.params().stream())
                .distinct()
                .filter(p -> params.containsKey(p) == false)
                .toList();
        if (missing.isEmpty() == false) {
            throw new QueryShardException(shard, "Missing required param(s): [" + String.join(",", missing) + "]");
        }
        SearchBudget.of(shard).addFeatures(shard, features.size());
        FeatureContext context = new FeatureContext(shard, params, ordinals);
        List<BoundFeature> bound = new ArrayList<>(features.size());
        for (CompiledFeature feature : features) {
            bound.add(
                    active.isEmpty() || active.contains(feature.name())
                            ? bind(feature, context)
                            : new BoundFeature.Inactive(feature.name()));
        }
        return new RankerQuery(bound, ranker);
    }

    private static BoundFeature bind(CompiledFeature feature, FeatureContext context) {
        try {
            return feature.bind(context);
        } catch (Exception e) {
            throw new QueryShardException(
                    context.shard(), "Cannot create query while parsing feature [" + feature.name() + "]", e);
        }
    }
}
