package org.ltrplugin.engine;

import java.io.IOException;
import org.apache.lucene.search.Query;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.index.query.AbstractQueryBuilder;
import org.opensearch.index.query.QueryRewriteContext;
import org.opensearch.index.query.QueryShardContext;

/** Base class of the plugin's queries. */
abstract class ShardQueryBuilder<Builder extends ShardQueryBuilder<Builder>> extends AbstractQueryBuilder<Builder> {
    ShardQueryBuilder() {}

    ShardQueryBuilder(StreamInput in) throws IOException {
        super(in);
    }

    /** Creates the Lucene query of a shard. */
    abstract Query query(QueryShardContext shard) throws IOException;

    @Override
    protected final Query doToQuery(QueryShardContext shard) throws IOException {
        return query(shard);
    }

    /** Whether the query is rewritten on the node of a shard, before its search begins. */
    static boolean isOnShardNode(QueryRewriteContext context) {
        return context.convertToCoordinatorContext() == null && context.convertToShardContext() == null;
    }
}
