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
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.query.BoolQueryBuilder;
import org.opensearch.index.query.QueryBuilders;
import org.opensearch.search.SearchHit;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.sort.SortBuilders;

/** Reads and writes the elements of stores. After each write it clears the element from the caches of all nodes. */
final class ElementStore {
    private static final String EXACT_NAME = "name";
    private static final String NAME_PREFIX = "name.prefix";

    private final StoreClient client;
    private final HeapBreaker breaker;

    ElementStore(StoreClient client, HeapBreaker breaker) {
        this.client = client;
        this.breaker = breaker;
    }

    /** A listener that runs the next step on success and passes a failure, also of that step, to the listener. */
    static <T> ActionListener<T> delegateFailure(ActionListener<?> listener, CheckedConsumer<T, Exception> next) {
        return ActionListener.wrap(next, listener::onFailure);
    }

    /**
     * Throws LimitExceededException when the node lacks memory, and IllegalArgumentException when the store does not
     * exist. Without this check, a write creates its index.
     */
    void requireWritable(String index) {
        breaker.check();
        if (client.exists(index) == false) {
            throw new IllegalArgumentException(
                    "Store [" + StoreIndex.storeName(index) + "] does not exist, create it first");
        }
    }

    void get(ElementKey key, @Nullable String routing, ActionListener<GetResponse> listener) {
        client.execute(GetAction.INSTANCE, new GetRequest(key.index(), key.documentId()).routing(routing), listener);
    }

    /** A request that writes the element and makes it visible to searches immediately. */
    static IndexRequest indexRequest(String index, Element element, @Nullable String routing) throws IOException {
        return new IndexRequest(index)
                .id(key(index, element).documentId())
                .source(element.toDocument())
                .routing(routing)
                .setRefreshPolicy(RefreshPolicy.IMMEDIATE);
    }

    void put(IndexRequest request, Element element, ActionListener<IndexResponse> listener) {
        client.execute(
                IndexAction.INSTANCE,
                request,
                delegateFailure(
                        listener, response -> respondAfterClearing(key(request.index(), element), response, listener)));
    }

    void delete(ElementKey key, @Nullable String routing, ActionListener<DeleteResponse> listener) {
        client.execute(
                DeleteAction.INSTANCE,
                new DeleteRequest(key.index(), key.documentId()).routing(routing),
                delegateFailure(listener, response -> respondAfterClearing(key, response, listener)));
    }

    private static ElementKey key(String index, Element element) {
        return new ElementKey(index, element.type(), element.name());
    }

    /** Clears the element from the caches of all nodes, then responds. */
    private <Response> void respondAfterClearing(ElementKey key, Response response, ActionListener<Response> listener) {
        client.execute(
                TransportCachesAction.TYPE,
                new CachesRequest(CacheTarget.element(key)),
                ActionListener.wrap(
                        cleared -> listener.onResponse(response), failure -> listener.onResponse(response)));
    }

    /** Searches the elements of a type whose names start with the prefix, which is case-sensitive and can be empty. */
    void list(
            String index,
            ElementType type,
            String prefix,
            int from,
            int size,
            ActionListener<SearchResponse> listener) {
        BoolQueryBuilder query = typeQuery(type);
        if (prefix.isEmpty() == false) {
            query.must(QueryBuilders.matchQuery(NAME_PREFIX, prefix));
        }
        search(index, query, from, size, listener);
    }

    /**
     * Finds features by name, or by prefix when the name ends in stars. They are in the order in which they were last
     * written.
     */
    void findFeatures(String index, String nameOrPrefix, int size, ActionListener<List<Feature>> listener) {
        String prefix = nameOrPrefix.replaceAll("\\*+$", "");
        ActionListener<SearchResponse> searched = delegateFailure(listener, response -> {
            List<Feature> features = new ArrayList<>();
            for (SearchHit hit : response.getHits()) {
                features.add((Feature) Element.fromDocument(ElementType.FEATURE, hit.getSourceRef()));
            }
            listener.onResponse(features);
        });
        if (prefix.equals(nameOrPrefix)) {
            search(
                    index,
                    typeQuery(ElementType.FEATURE).must(QueryBuilders.termQuery(EXACT_NAME, prefix)),
                    0,
                    size,
                    searched);
        } else {
            list(index, ElementType.FEATURE, prefix, 0, size, searched);
        }
    }

    private static BoolQueryBuilder typeQuery(ElementType type) {
        return QueryBuilders.boolQuery().filter(QueryBuilders.termQuery("type", type.key));
    }

    private void search(
            String index, BoolQueryBuilder query, int from, int size, ActionListener<SearchResponse> listener) {
        // In the order of writes, which pages need: documents change places when segments merge.
        SearchSourceBuilder source = new SearchSourceBuilder()
                .query(query)
                .from(from)
                .size(size)
                .trackScores(true)
                .sort(SortBuilders.fieldSort("_seq_no"));
        client.execute(SearchAction.INSTANCE, new SearchRequest(index).source(source), listener);
    }
}
