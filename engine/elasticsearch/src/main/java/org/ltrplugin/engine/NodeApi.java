package org.ltrplugin.engine;

import java.io.IOException;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.concurrent.EsExecutors.TaskTrackingConfig;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.common.xcontent.LoggingDeprecationHandler;
import org.elasticsearch.index.query.AbstractQueryBuilder;
import org.elasticsearch.index.query.ParsedQuery;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.index.query.SearchExecutionContext;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.rescore.QueryRescorer.QueryRescoreContext;
import org.elasticsearch.threadpool.ExecutorBuilder;
import org.elasticsearch.threadpool.FixedExecutorBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.json.JsonXContent;

/** The calls of the node whose signature differs between the engines. */
final class NodeApi {
    /**
     * With security on, an action must have a user. Elasticsearch knows the origins of its own modules only; this one
     * stands for a user of the system that can access all indices but those of security.
     */
    private static final String ORIGIN = "stack";

    private static final XContentParserConfiguration JSON =
            XContentParserConfiguration.EMPTY.withDeprecationHandler(LoggingDeprecationHandler.INSTANCE);

    private NodeApi() {}

    /** The type of an action that returns only that it succeeded. */
    static ActionType<AcknowledgedResponse> acknowledgedAction(String name) {
        return new ActionType<>(name);
    }

    /** A thread pool with one thread. */
    static ExecutorBuilder<?> oneThread(Settings settings, String name, int maxQueued) {
        return new FixedExecutorBuilder(
                settings, name, 1, maxQueued, "thread_pool." + name, TaskTrackingConfig.DO_NOT_TRACK);
    }

    /** Acts as the plugin until the context that it returns is closed. */
    static ThreadContext.StoredContext actAsPlugin(ThreadContext context) {
        return context.stashWithOrigin(ORIGIN);
    }

    /** A parser for JSON without queries. */
    static XContentParser jsonParser(String json) throws IOException {
        return JsonXContent.jsonXContent.createParser(JSON, json);
    }

    /** A parser for JSON with queries of the plugins of the node. */
    static XContentParser queryParser(String json, SearchExecutionContext shard) throws IOException {
        return JsonXContent.jsonXContent.createParser(
                shard.getParserConfig().withDeprecationHandler(LoggingDeprecationHandler.INSTANCE), json);
    }

    static QueryBuilder parseQuery(XContentParser parser, SearchExecutionContext shard) throws IOException {
        return AbstractQueryBuilder.parseTopLevelQuery(parser);
    }

    static void addField(SearchHit hit, DocumentField field) {
        hit.setDocumentField(field);
    }

    /** Gives a context the query, and the other values of another context. */
    static void copy(QueryRescoreContext from, QueryRescoreContext to, ParsedQuery query) {
        to.setQuery(query);
        to.setQueryWeight(from.queryWeight());
        to.setRescoreQueryWeight(from.rescoreQueryWeight());
        to.setScoreMode(from.scoreMode());
        to.setCancellationChecker(from::checkCancellation);
    }
}
