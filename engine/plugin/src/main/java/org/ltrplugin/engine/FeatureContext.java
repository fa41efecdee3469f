package org.ltrplugin.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opensearch.index.query.QueryShardContext;

/**
 * The request and the shard that features are bound to.
 *
 * @param shard the shard being searched
 * @param params the params of the request
 * @param ordinals the ordinal of each feature of the set, by name
 */
record FeatureContext(QueryShardContext shard, Map<String, Object> params, Map<String, Integer> ordinals) {
    /** The params that a feature declares. */
    Map<String, Object> params(List<String> declared) {
        Map<String, Object> selected = HashMap.newHashMap(declared.size());
        declared.forEach(name -> selected.put(name, params.get(name)));
        return selected;
    }
}
