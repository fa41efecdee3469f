package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryRewriteContext;
import org.opensearch.index.query.QueryShardContext;

/** Scores documents with an element that is not stored yet. {@link ElementValidator} searches with it. */
final class ValidatingQueryBuilder extends ShardQueryBuilder<ValidatingQueryBuilder> {
    static final String NAME = "validating_ltr_query";

    private final ElementBody body;

    ValidatingQueryBuilder(ElementBody body) {
        this.body = body;
    }

    ValidatingQueryBuilder(StreamInput in) throws IOException {
        super(in);
        try (XContentParser parser = NodeApi.jsonParser(in.readBytesReference().utf8ToString())) {
            body = ElementBody.parse(parser, null);
        }
    }

    @Override
    protected void doWriteTo(StreamOutput out) throws IOException {
        try (XContentBuilder json = JsonXContent.contentBuilder()) {
            body.toXContent(json, EMPTY_PARAMS);
            out.writeBytesReference(BytesReference.bytes(json));
        }
    }

    static ValidatingQueryBuilder parse(XContentParser parser) throws IOException {
        try {
            ElementBody body = ElementBody.parse(parser, null);
            if (body.validation() == null) {
                throw new ParsingException(
                        parser.getTokenLocation(), "Field [validation] is mandatory in [" + NAME + "]");
            }
            return new ValidatingQueryBuilder(body);
        } catch (IllegalArgumentException e) {
            throw new ParsingException(parser.getTokenLocation(), e.getMessage(), e);
        }
    }

    @Override
    protected void doXContent(XContentBuilder builder, Params params) throws IOException {
        builder.field(NAME, body);
    }

    @Override
    protected QueryBuilder doRewrite(QueryRewriteContext context) {
        return this;
    }

    @Override
    Query query(QueryShardContext shard) {
        CompiledModel model =
                switch (body.element()) {
                    case Feature feature -> CompiledModel.of(new FeatureSet(feature.name(), asSet(feature)));
                    case FeatureSet set -> CompiledModel.of(set);
                    case Model stored -> CompiledModel.of(stored);
                };
        if (model.features().isEmpty()) {
            return MatchAllDocsQuery.INSTANCE;
        }
        return model.bind(shard, body.validation().params(), Set.of());
    }

    /** The feature as a set. Empty for a derived feature, which needs the other features of its set. */
    private static List<Feature> asSet(Feature feature) {
        return feature.language().equals(DerivedFeature.LANGUAGE) ? List.of() : List.of(feature);
    }

    @Override
    protected boolean doEquals(ValidatingQueryBuilder other) {
        return body.equals(other.body);
    }

    @Override
    protected int doHashCode() {
        return Objects.hash(body);
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }
}
