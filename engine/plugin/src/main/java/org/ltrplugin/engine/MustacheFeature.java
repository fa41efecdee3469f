package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.index.query.Rewriteable;

/** A feature whose template renders to a query in the query DSL. */
record MustacheFeature(String name, List<String> params, MustacheTemplate template) implements CompiledFeature {
    static MustacheFeature compile(Feature feature) {
        return new MustacheFeature(
                feature.name(),
                feature.params(),
                MustacheTemplate.compile(feature.template().text()));
    }

    @Override
    public BoundFeature bind(FeatureContext context) throws IOException {
        String rendered = template.render(context.params());
        SearchBudget.of(context.shard()).addChars(context.shard(), rendered.length());
        return new QueryFeature(name, parse(rendered, context.shard()));
    }

    private static Query parse(String rendered, QueryShardContext shard) throws IOException {
        try (XContentParser parser = NodeApi.queryParser(rendered, shard)) {
            QueryBuilder builder = NodeApi.parseQuery(parser, shard);
            if (parser.nextToken() != null) {
                throw new ParsingException(
                        parser.getTokenLocation(), "a feature must be one query, but there is more text after it");
            }
            Query query = Rewriteable.rewrite(builder, shard).toQuery(shard);
            return query == null ? new MatchNoDocsQuery("the feature's query is empty") : query;
        }
    }

    @Override
    public long ramBytesUsed() {
        return template.ramBytesUsed();
    }
}
