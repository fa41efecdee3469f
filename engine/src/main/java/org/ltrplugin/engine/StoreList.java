package org.ltrplugin.engine;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.opensearch.action.search.SearchAction;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
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
        client.clusterService().state().metadata().indices().values().stream()
                .filter(StoreIndex::isStore)
                .forEach(
                        index -> versions.put(index.getIndex().getName(), StoreIndex.VERSION.get(index.getSettings())));
        if (versions.isEmpty()) {
            listener.onResponse(response(List.of()));
            return;
        }
        SearchSourceBuilder source = new SearchSourceBuilder()
                .size(0)
                .aggregation(AggregationBuilders.terms("index")
                        .field("_index")
                        .size(versions.size())
                        .subAggregation(
                                AggregationBuilders.terms("type").field("type").size(ElementType.values().length)));
        SearchRequest request = new SearchRequest(versions.keySet().toArray(String[]::new)).source(source);
        client.execute(
                SearchAction.INSTANCE,
                request,
                ActionListener.wrap(
                        response -> listener.onResponse(response(stores(versions, counts(response)))),
                        failure -> listener.onResponse(response(stores(versions, Map.of())))));
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
