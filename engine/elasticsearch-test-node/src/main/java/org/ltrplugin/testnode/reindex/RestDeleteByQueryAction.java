package org.ltrplugin.testnode.reindex;

import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.index.reindex.DeleteByQueryRequest;
import org.elasticsearch.rest.RestRequest;

final class RestDeleteByQueryAction extends RestBulkAction<DeleteByQueryRequest> {
    RestDeleteByQueryAction(Predicate<NodeFeature> clusterHas) {
        super(DeleteByQueryAction.INSTANCE, false, false, clusterHas);
    }

    @Override
    public String getName() {
        return "delete_by_query_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(POST, "/{index}/_delete_by_query"));
    }

    @Override
    DeleteByQueryRequest parse(RestRequest request) throws IOException {
        DeleteByQueryRequest delete = new DeleteByQueryRequest();
        parseSearch(request, delete, Map.of(
            "conflicts", value -> delete.setConflicts((String) value),
            "max_docs", value -> delete.setMaxDocs(((Number) value).intValue())
        ));
        return delete;
    }
}
