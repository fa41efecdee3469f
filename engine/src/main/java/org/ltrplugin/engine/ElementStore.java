package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.opensearch.action.delete.DeleteAction;
import org.opensearch.action.delete.DeleteRequest;
import org.opensearch.action.delete.DeleteResponse;
import org.opensearch.action.get.GetAction;
import org.opensearch.action.get.GetRequest;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexAction;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.action.search.SearchAction;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.support.WriteRequest.RefreshPolicy;
import org.opensearch.common.CheckedConsumer;
import org.opensearch.common.Nullable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.query.BoolQueryBuilder;
import org.opensearch.index.query.QueryBuilders;
import org.opensearch.search.SearchHit;
import org.opensearch.search.builder.SearchSourceBuilder;

/** Reads and writes the elements of stores, and keeps the caches of all nodes in step with what is written. */
final class ElementStore {
    private static final String EXACT_NAME = "name";
    private static final String NAME_PREFIX = "name.prefix";

    private final StoreClient client;

    ElementStore(StoreClient client) {
        this.client = client;
    }

    /** A listener for one of several steps: the next step, or the end of them all by a failure. */
    static <T> ActionListener<T> then(ActionListener<?> all, CheckedConsumer<T, Exception> next) {
        return ActionListener.wrap(next, all::onFailure);
    }

    /** Throws IllegalArgumentException when there is no such store; a write must never create one. */
    void requireStore(String index) {
        if (client.exists(index) == false) {
            throw new IllegalArgumentException(
                    "Store [" + StoreIndex.storeName(index) + "] does not exist, create it first");
        }
    }

    void get(ElementKey key, @Nullable String routing, ActionListener<GetResponse> listener) {
        client.execute(GetAction.INSTANCE, new GetRequest(key.index(), key.documentId()).routing(routing), listener);
    }

    /** A request that writes the element and makes it visible to searches at once. */
    static IndexRequest write(String index, Element element, @Nullable String routing) throws IOException {
        return new IndexRequest(index)
                .id(key(index, element).documentId())
                .source(element.document())
                .routing(routing)
                .setRefreshPolicy(RefreshPolicy.IMMEDIATE);
    }

    void put(IndexRequest write, Element element, ActionListener<IndexResponse> listener) {
        client.execute(
                IndexAction.INSTANCE,
                write,
                then(listener, written -> afterClearing(key(write.index(), element), written, listener)));
    }

    void delete(ElementKey key, @Nullable String routing, ActionListener<DeleteResponse> listener) {
        client.execute(
                DeleteAction.INSTANCE,
                new DeleteRequest(key.index(), key.documentId()).routing(routing),
                then(listener, deleted -> afterClearing(key, deleted, listener)));
    }

    private static ElementKey key(String index, Element element) {
        return new ElementKey(index, element.type(), element.name());
    }

    /** Answers when no node has an older version of the element cached any more. */
    private <Response> void afterClearing(ElementKey key, Response response, ActionListener<Response> listener) {
        client.execute(
                TransportCachesAction.TYPE,
                CachesRequest.clear(key),
                ActionListener.wrap(() -> listener.onResponse(response)));
    }

    /** Elements of a type; {@code prefix}, when not empty, begins their names, letter for letter. */
    void list(
            String index,
            ElementType type,
            String prefix,
            int from,
            int size,
            ActionListener<SearchResponse> listener) {
        BoolQueryBuilder query = ofType(type);
        if (prefix.isEmpty() == false) {
            query.must(QueryBuilders.matchQuery(NAME_PREFIX, prefix));
        }
        search(index, query, from, size, listener);
    }

    /**
     * Features by name, or by prefix when the name ends in stars. Their order is the order in which they were last
     * written.
     */
    void findFeatures(String index, String nameOrPrefix, int size, ActionListener<List<Feature>> listener) {
        String prefix = nameOrPrefix.replaceAll("\\*+$", "");
        ActionListener<SearchResponse> found = then(listener, response -> {
            List<Feature> features = new ArrayList<>();
            for (SearchHit hit : response.getHits()) {
                features.add((Feature) Element.fromDocument(ElementType.FEATURE, hit.getSourceRef()));
            }
            listener.onResponse(features);
        });
        if (prefix.equals(nameOrPrefix)) {
            search(
                    index,
                    ofType(ElementType.FEATURE).must(QueryBuilders.termQuery(EXACT_NAME, prefix)),
                    0,
                    size,
                    found);
        } else {
            list(index, ElementType.FEATURE, prefix, 0, size, found);
        }
    }

    private static BoolQueryBuilder ofType(ElementType type) {
        return QueryBuilders.boolQuery().filter(QueryBuilders.termQuery("type", type.key));
    }

    private void search(
            String index, BoolQueryBuilder query, int from, int size, ActionListener<SearchResponse> listener) {
        SearchSourceBuilder source =
                new SearchSourceBuilder().query(query).from(from).size(size);
        client.execute(SearchAction.INSTANCE, new SearchRequest(index).source(source), listener);
    }
}
