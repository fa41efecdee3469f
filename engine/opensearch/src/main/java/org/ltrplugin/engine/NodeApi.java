package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.action.ActionType;
import org.opensearch.action.support.clustermanager.AcknowledgedResponse;
import org.opensearch.common.document.DocumentField;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.ParsedQuery;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.search.SearchHit;
import org.opensearch.search.rescore.QueryRescorer.QueryRescoreContext;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.FixedExecutorBuilder;

/** The calls of the node whose signature differs between the engines. */
final class NodeApi {
    private NodeApi() {}

    /** The type of an action that returns only that it succeeded. */
    static ActionType<AcknowledgedResponse> acknowledgedAction(String name) {
        return new ActionType<>(name, AcknowledgedResponse::new);
    }

    /** A thread pool with one thread. */
    static ExecutorBuilder<?> oneThread(Settings settings, String name, int maxQueued) {
        return new FixedExecutorBuilder(settings, name, 1, maxQueued, "thread_pool." + name);
    }

    /** Acts as the plugin until the context that it returns is closed. */
    static ThreadContext.StoredContext actAsPlugin(ThreadContext context) {
        return context.stashContext();
    }

    /** A parser for JSON without queries. */
    static XContentParser jsonParser(String json) throws IOException {
        return JsonXContent.jsonXContent.createParser(
                NamedXContentRegistry.EMPTY, LoggingDeprecationHandler.INSTANCE, json);
    }

    /** A parser for JSON with queries of the plugins of the node. */
    static XContentParser queryParser(String json, QueryShardContext shard) throws IOException {
        return JsonXContent.jsonXContent.createParser(
                shard.getXContentRegistry(), LoggingDeprecationHandler.INSTANCE, json);
    }

    static QueryBuilder parseQuery(XContentParser parser, QueryShardContext shard) throws IOException {
        return shard.parseInnerQueryBuilder(parser);
    }

    static void addField(SearchHit hit, DocumentField field) {
        hit.setDocumentField(field.getName(), field);
    }

    /** Gives a context the query, and the other values of another context. */
    static void copy(QueryRescoreContext from, QueryRescoreContext to, ParsedQuery query) {
        to.setParsedQuery(query);
        to.setQueryWeight(from.queryWeight());
        to.setRescoreQueryWeight(from.rescoreQueryWeight());
        to.setScoreMode(from.scoreMode());
    }
}
