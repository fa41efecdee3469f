package org.ltrplugin.engine;

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
import org.opensearch.common.Nullable;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.BoolQueryBuilder;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryBuilders;
import org.opensearch.search.SearchHit;
import org.opensearch.search.builder.SearchSourceBuilder;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads and writes the elements of stores, and keeps the caches of all nodes in step with what is
 * written.
 */
final class ElementStore {
    private final StoreClient client;

    ElementStore(StoreClient client) {
        this.client = client;
    }

    /**
     * Throws IllegalArgumentException when there is no such store; a write must never create one.
     */
    void requireStore(String index) {
        if (client.exists(index) == false) {
            throw new IllegalArgumentException(
                    "Store [" + StoreIndex.storeName(index) + "] does not exist, create it first");
        }
    }

    void get(
            String index,
            ElementType type,
            String name,
            @Nullable String routing,
            ActionListener<GetResponse> listener) {
        client.execute(
                GetAction.INSTANCE,
                new GetRequest(index, type.documentId(name)).routing(routing),
                listener);
    }

    /** A request that writes the element and makes it visible to searches at once. */
    static IndexRequest write(String index, Element element, @Nullable String routing)
            throws IOException {
        return new IndexRequest(index)
                .id(element.documentId())
                .source(element.document())
                .routing(routing)
                .setRefreshPolicy(RefreshPolicy.IMMEDIATE);
    }

    void put(IndexRequest request, Element element, ActionListener<IndexResponse> listener) {
        client.execute(
                IndexAction.INSTANCE,
                request,
                ActionListener.wrap(
                        written ->
                                afterClearing(
                                        request.index(),
                                        element.type(),
                                        element.name(),
                                        written,
                                        listener),
                        listener::onFailure));
    }

    void delete(
            String index,
            ElementType type,
            String name,
            @Nullable String routing,
            ActionListener<DeleteResponse> listener) {
        client.execute(
                DeleteAction.INSTANCE,
                new DeleteRequest(index, type.documentId(name)).routing(routing),
                ActionListener.wrap(
                        deleted -> afterClearing(index, type, name, deleted, listener),
                        listener::onFailure));
    }

    /** Answers when no node has an older version of the element cached any more. */
    private <Response> void afterClearing(
            String index,
            ElementType type,
            String name,
            Response response,
            ActionListener<Response> listener) {
        ActionListener<CachesResponse> cleared =
                ActionListener.wrap(() -> listener.onResponse(response));
        client.execute(
                CachesAction.INSTANCE,
                new CachesRequest(new CachesRequest.Clear(index, type, name)),
                cleared);
    }

    /**
     * Elements of a type; {@code prefix}, when not empty, is one of their names, letter for letter.
     */
    void list(
            String index,
            ElementType type,
            String prefix,
            int from,
            int size,
            ActionListener<SearchResponse> listener) {
        BoolQueryBuilder query = QueryBuilders.boolQuery().filter(ofType(type));
        if (prefix.isEmpty() == false) {
            query.must(QueryBuilders.matchQuery("name.prefix", prefix));
        }
        search(index, query, from, size, listener);
    }

    /**
     * Features by name, or by prefix when the name ends in stars. Their order is the order in which
     * they were last written.
     */
    void findFeatures(
            String index, String nameOrPrefix, int size, ActionListener<List<Feature>> listener) {
        String prefix = nameOrPrefix.replaceAll("\\*+$", "");
        BoolQueryBuilder query = QueryBuilders.boolQuery().filter(ofType(ElementType.FEATURE));
        if (prefix.equals(nameOrPrefix)) {
            query.must(QueryBuilders.termQuery("name", nameOrPrefix));
        } else if (prefix.isEmpty() == false) {
            query.must(QueryBuilders.matchQuery("name.prefix", prefix));
        }
        search(
                index,
                query,
                0,
                size,
                ActionListener.wrap(
                        found -> {
                            List<Feature> features = new ArrayList<>();
                            for (SearchHit hit : found.getHits()) {
                                features.add(
                                        (Feature) read(ElementType.FEATURE, hit.getSourceRef()));
                            }
                            listener.onResponse(features);
                        },
                        listener::onFailure));
    }

    private static QueryBuilder ofType(ElementType type) {
        return QueryBuilders.termQuery("type", type.key);
    }

    private void search(
            String index,
            QueryBuilder query,
            int from,
            int size,
            ActionListener<SearchResponse> listener) {
        SearchSourceBuilder source = new SearchSourceBuilder().query(query).from(from).size(size);
        client.execute(SearchAction.INSTANCE, new SearchRequest(index).source(source), listener);
    }

    /** The element in a stored document. */
    static Element read(ElementType type, BytesReference document) throws IOException {
        try (XContentParser parser =
                XContentHelper.createParser(
                        NamedXContentRegistry.EMPTY,
                        LoggingDeprecationHandler.INSTANCE,
                        document,
                        XContentType.JSON)) {
            return Element.fromDocument(type, parser);
        }
    }
}
