package org.ltrplugin.engine;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.opensearch.action.search.SearchAction;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.support.IndicesOptions;
import org.opensearch.cluster.health.ClusterHealthStatus;
import org.opensearch.cluster.health.ClusterIndexHealth;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.routing.IndexRoutingTable;
import org.opensearch.cluster.routing.RoutingTable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.aggregations.AggregationBuilders;
import org.opensearch.search.aggregations.bucket.terms.Terms;
import org.opensearch.search.builder.SearchSourceBuilder;

/** Lists all stores, with the number of elements of each type. */
final class StoreList {
    private final StoreClient client;

    StoreList(StoreClient client) {
        this.client = client;
    }

    private record Store(String index, int version, Map<String, Long> counts) implements ToXContentObject {
        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
            builder.startObject()
                    .field("store", StoreIndex.storeName(index))
                    .field("index", index)
                    .field("version", version);
            return builder.field("counts", counts).endObject();
        }
    }

    void collect(ActionListener<ToXContentObject> listener) {
        Map<String, Integer> versions = new TreeMap<>();
        indices()
                .forEach(
                        index -> versions.put(index.getIndex().getName(), StoreIndex.VERSION.get(index.getSettings())));
        count(ActionListener.wrap(
                counts -> listener.onResponse(response(stores(versions, counts))), listener::onFailure));
    }

    private Stream<IndexMetadata> indices() {
        return client.clusterService().state().metadata().indices().values().stream()
                .filter(StoreIndex::isStore);
    }

    /** The indices of all stores with their health, in the order of their names. */
    Map<String, ClusterHealthStatus> health() {
        RoutingTable routing = client.clusterService().state().routingTable();
        Map<String, ClusterHealthStatus> health = new TreeMap<>();
        indices().forEach(index -> {
            String name = index.getIndex().getName();
            IndexRoutingTable shards = routing.index(name); // none when the index is closed
            health.put(
                    name, shards == null ? ClusterHealthStatus.RED : new ClusterIndexHealth(index, shards).getStatus());
        });
        return health;
    }

    /** Counts the elements of each type, by the index of their store. A store that cannot be searched is left out. */
    void count(ActionListener<Map<String, Map<String, Long>>> listener) {
        String[] indices = indices().map(index -> index.getIndex().getName()).toArray(String[]::new);
        if (indices.length == 0) {
            listener.onResponse(Map.of());
            return;
        }
        SearchSourceBuilder source = new SearchSourceBuilder()
                .size(0)
                .aggregation(AggregationBuilders.terms("index")
                        .field("_index")
                        .size(indices.length)
                        .subAggregation(
                                AggregationBuilders.terms("type").field("type").size(ElementType.values().length)));
        // A closed store does not hide the counts of the others.
        SearchRequest request =
                new SearchRequest(indices).source(source).indicesOptions(IndicesOptions.lenientExpandOpenHidden());
        client.execute(
                SearchAction.INSTANCE,
                request,
                ActionListener.wrap(
                        response -> listener.onResponse(counts(response)), failure -> listener.onResponse(Map.of())));
    }

    private static Map<String, Map<String, Long>> counts(SearchResponse response) {
        Map<String, Map<String, Long>> counts = new HashMap<>();
        Terms indices = response.getAggregations().get("index");
        for (Terms.Bucket index : indices.getBuckets()) {
            Map<String, Long> byType = new TreeMap<>();
            Terms types = index.getAggregations().get("type");
            types.getBuckets().forEach(type -> byType.put(type.getKeyAsString(), type.getDocCount()));
            counts.put(index.getKeyAsString(), byType);
        }
        return counts;
    }

    private static List<Store> stores(Map<String, Integer> versions, Map<String, Map<String, Long>> counts) {
        return versions.entrySet().stream()
                .map(store ->
                        new Store(store.getKey(), store.getValue(), counts.getOrDefault(store.getKey(), Map.of())))
                .toList();
    }

    private static ToXContentObject response(List<Store> stores) {
        return (builder, params) -> {
            builder.startObject().startObject("stores");
            for (Store store : stores) {
                builder.field(StoreIndex.storeName(store.index), store);
            }
            return builder.endObject().endObject();
        };
    }
}
