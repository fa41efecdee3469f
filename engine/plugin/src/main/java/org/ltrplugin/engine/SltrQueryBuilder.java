package org.ltrplugin.engine;

import static org.opensearch.action.support.ContextPreservingActionListener.wrapPreservingContext;
import static org.opensearch.core.xcontent.ConstructingObjectParser.constructorArg;
import static org.opensearch.core.xcontent.ConstructingObjectParser.optionalConstructorArg;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.lucene.search.Query;
import org.opensearch.ExceptionsHelper;
import org.opensearch.OpenSearchException;
import org.opensearch.core.ParseField;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.ConstructingObjectParser;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryRewriteContext;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.index.query.QueryShardException;

/**
 * The {@code sltr} query: scores each document with a stored model, or with the sum of the features of a stored set.
 */
final class SltrQueryBuilder extends ShardQueryBuilder<SltrQueryBuilder> {
    static final String NAME = "sltr";

    private final Supplier<ModelCache> models;
    private final Target target;

    /** The load that the rewrite on the shard's node starts, so that no search thread waits for it. */
    @Nullable
    private final CompletableFuture<CompiledModel> loading;

    /** The content of the query. {@code cache} is accepted for compatibility and has no effect. */
    private record Target(
            @Nullable String model,
            @Nullable Boolean cache,
            @Nullable String featureSet,
            Map<String, Object> params,
            List<String> activeFeatures,
            @Nullable String store) {
        /**
         * Throws IllegalArgumentException when the model or the store is not valid, before the search goes to a shard.
         */
        Target validate() {
            if (model == null && featureSet == null) {
                throw new IllegalArgumentException("Either [model] or [featureset] must be set in [" + NAME + "]");
            }
            StoreIndex.indexName(store);
            return this;
        }

        ElementKey key() {
            String index = StoreIndex.indexName(store);
            return model != null
                    ? new ElementKey(index, ElementType.MODEL, model)
                    : new ElementKey(index, ElementType.FEATURESET, featureSet);
        }
    }

    private SltrQueryBuilder(
            Supplier<ModelCache> models, Target target, @Nullable CompletableFuture<CompiledModel> loading) {
        this.models = models;
        this.target = target;
        this.loading = loading;
    }

    SltrQueryBuilder(StreamInput in, Supplier<ModelCache> models) throws IOException {
        super(in);
        this.models = models;
        this.loading = null;
        String model = in.readOptionalString();
        Boolean cache = in.readOptionalBoolean();
        String featureSet = in.readOptionalString();
        Map<String, Object> params = in.readMap();
        String[] active = in.readOptionalStringArray();
        this.target = new Target(
                model,
                cache,
                featureSet,
                params,
                active == null ? List.of() : List.of(active),
                in.readOptionalString());
    }

    @Override
    protected void doWriteTo(StreamOutput out) throws IOException {
        out.writeOptionalString(target.model);
        out.writeOptionalBoolean(target.cache);
        out.writeOptionalString(target.featureSet);
        out.writeMap(target.params);
        out.writeOptionalStringArray(
                target.activeFeatures.isEmpty() ? null : target.activeFeatures.toArray(String[]::new));
        out.writeOptionalString(target.store);
    }

    @Override
    protected void doXContent(XContentBuilder builder, Params ignored) throws IOException {
        builder.startObject(NAME);
        if (target.model != null) {
            builder.field("model", target.model);
        }
        if (target.featureSet != null) {
            builder.field("featureset", target.featureSet);
        }
        if (target.store != null) {
            builder.field("store", target.store);
        }
        if (target.cache != null) {
            builder.field("cache", target.cache);
        }
        builder.field("params", target.params);
        if (target.activeFeatures.isEmpty() == false) {
            builder.field("active_features", target.activeFeatures);
        }
        printBoostAndQueryName(builder);
        builder.endObject();
    }

    static SltrQueryBuilder parse(XContentParser parser, Supplier<ModelCache> models) throws IOException {
        try {
            return PARSER.parse(parser, models);
        } catch (IllegalArgumentException e) {
            throw new ParsingException(parser.getTokenLocation(), e.getMessage(), e);
        }
    }

    @SuppressWarnings("unchecked")
    private static final ConstructingObjectParser<SltrQueryBuilder, Supplier<ModelCache>> PARSER =
            new ConstructingObjectParser<>(NAME, false, (args, models) -> {
                Target target = new Target(
                        (String) args[0],
                        (Boolean) args[1],
                        (String) args[2],
                        (Map<String, Object>) args[3],
                        args[4] == null ? List.of() : List.copyOf((List<String>) args[4]),
                        (String) args[5]);
                return new SltrQueryBuilder(models, target.validate(), null);
            });

    static {
        PARSER.declareString(optionalConstructorArg(), new ParseField("model"));
        PARSER.declareBoolean(optionalConstructorArg(), new ParseField("cache"));
        PARSER.declareString(optionalConstructorArg(), new ParseField("featureset"));
        PARSER.declareObject(constructorArg(), (p, models) -> p.map(), new ParseField("params"));
        PARSER.declareStringArray(optionalConstructorArg(), new ParseField("active_features"));
        PARSER.declareString(optionalConstructorArg(), new ParseField("store"));
        PARSER.declareFloat(SltrQueryBuilder::boost, BOOST_FIELD);
        PARSER.declareString(SltrQueryBuilder::queryName, NAME_FIELD);
    }

    @Override
    protected QueryBuilder doRewrite(QueryRewriteContext context) {
        if (loading != null || isOnShardNode(context) == false) {
            return this;
        }
        CompletableFuture<CompiledModel> model = models.get().load(target.key());
        if (model.isDone() == false || model.isCompletedExceptionally()) {
            context.registerAsyncAction((client, listener) -> {
                // The thread of another request may complete the load, so the thread context is restored explicitly.
                ActionListener<?> restored =
                        wrapPreservingContext(listener, client.threadPool().getThreadContext());
                model.whenComplete((loaded, failure) -> {
                    if (failure instanceof Exception exception && isTransient(exception)) {
                        restored.onFailure(exception);
                    } else {
                        restored.onResponse(null); // doToQuery reports a failure, together with its shard
                    }
                });
            });
        }
        return new SltrQueryBuilder(models, target, model).boost(boost).queryName(queryName);
    }

    /** Whether the node lacks the memory or the shard to load a model: this is not the fault of the request. */
    private static boolean isTransient(Exception failure) {
        RestStatus status = ExceptionsHelper.status(failure);
        return status == RestStatus.TOO_MANY_REQUESTS || status == RestStatus.SERVICE_UNAVAILABLE;
    }

    @Override
    Query query(QueryShardContext shard) {
        models.get().countRequest();
        try {
            return bind(shard);
        } catch (RuntimeException e) {
            models.get().countError();
            throw e;
        }
    }

    private Query bind(QueryShardContext shard) {
        SearchBudget budget = SearchBudget.of(shard);
        budget.beginQuery(shard);
        try {
            shard.setIsCacheable(false); // a feature set can change while its name stays the same
            return model(shard).bind(shard, target.params, Set.copyOf(target.activeFeatures));
        } finally {
            budget.endQuery();
        }
    }

    private CompiledModel model(QueryShardContext shard) {
        try {
            return (loading != null ? loading : models.get().load(target.key())).get();
        } catch (ExecutionException e) {
            String reason = e.getCause().getMessage();
            throw new QueryShardException(shard, "Cannot load " + target.key() + ": " + reason, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpenSearchException("interrupted while loading " + target.key(), e);
        }
    }

    @Override
    protected boolean doEquals(SltrQueryBuilder other) {
        return target.equals(other.target);
    }

    @Override
    protected int doHashCode() {
        return Objects.hash(target);
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }
}
