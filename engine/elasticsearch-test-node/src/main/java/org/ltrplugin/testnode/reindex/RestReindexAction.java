package org.ltrplugin.testnode.reindex;

import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import org.elasticsearch.action.DocWriteRequest;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.reindex.ReindexAction;
import org.elasticsearch.index.reindex.ReindexRequest;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.xcontent.XContentParser;

final class RestReindexAction extends RestBulkAction<ReindexRequest> {
    RestReindexAction(Predicate<NodeFeature> clusterHas) {
        super(ReindexAction.INSTANCE, true, true, clusterHas);
    }

    @Override
    public String getName() {
        return "reindex_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(POST, "/_reindex"));
    }

    @Override
    ReindexRequest parse(RestRequest request) throws IOException {
        if (request.hasParam("pipeline")) {
            throw new IllegalArgumentException(
                "_reindex doesn't support [pipeline] as a query parameter. Specify it in the [dest] object instead."
            );
        }
        try (XContentParser parser = request.contentParser()) {
            ReindexRequest reindex = ReindexRequest.fromXContent(parser, clusterHas);
            if (request.hasParam("scroll")) {
                reindex.setScroll(request.paramAsTime("scroll", null));
            }
            return reindex.setRequireAlias(request.paramAsBoolean(DocWriteRequest.REQUIRE_ALIAS, false));
        }
    }
}
