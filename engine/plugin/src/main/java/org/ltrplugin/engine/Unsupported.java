package org.ltrplugin.engine;

import java.util.List;
import org.opensearch.core.common.ParsingException;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.plugins.SearchPlugin.QuerySpec;

/**
 * The queries of the OpenSearch Learning to Rank plugin that this plugin does not have. They fail with a
 * message that names them and the alternative.
 */
final class Unsupported {
    private Unsupported() {}

    static List<QuerySpec<?>> queries() {
        return List.of(
                query("ltr", "store the model and use an [sltr] query"),
                query("match_explorer", "term statistics are not available"),
                query("term_stat", "term statistics are not available"));
    }

    private static QuerySpec<QueryBuilder> query(String name, String explanation) {
        String reason = "query [" + name + "] is not supported by this engine: " + explanation;
        return new QuerySpec<>(
                name,
                in -> {
                    throw new UnsupportedOperationException(reason);
                },
                parser -> {
                    throw new ParsingException(parser.getTokenLocation(), reason);
                });
    }
}
