package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.search.Query;
import org.elasticsearch.TransportVersion;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.index.query.AbstractQueryBuilder;
import org.elasticsearch.index.query.QueryRewriteContext;
import org.elasticsearch.index.query.SearchExecutionContext;
import org.elasticsearch.search.internal.MaxClauseCountQueryVisitor;

/** Base class of the plugin's queries. */
abstract class ShardQueryBuilder<Builder extends ShardQueryBuilder<Builder>> extends AbstractQueryBuilder<Builder> {
    ShardQueryBuilder() {}

    ShardQueryBuilder(StreamInput in) throws IOException {
        super(in);
    }

    /** Creates the Lucene query of a shard. */
    abstract Query query(SearchExecutionContext shard) throws IOException;

    /** The visitor counts the clauses of a search. A feature is not a clause: {@link SearchBudget} counts features. */
    @Override
    protected final Query doToQuery(SearchExecutionContext shard, MaxClauseCountQueryVisitor clauses)
            throws IOException {
        return query(shard);
    }

    @Override
    public final TransportVersion getMinimalSupportedVersion() {
        return TransportVersion.minimumCompatible();
    }

    /** Whether the query is rewritten on the node of a shard, before its search begins. */
    static boolean isOnShardNode(QueryRewriteContext context) {
        return context.convertToDataRewriteContext() != null;
    }
}
