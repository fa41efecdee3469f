package org.ltrplugin.testnode.reindex;

import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.reindex.UpdateByQueryAction;
import org.elasticsearch.index.reindex.UpdateByQueryRequest;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.script.Script;

final class RestUpdateByQueryAction extends RestBulkAction<UpdateByQueryRequest> {
    RestUpdateByQueryAction(Predicate<NodeFeature> clusterHas) {
        super(UpdateByQueryAction.INSTANCE, false, true, clusterHas);
    }

    @Override
    public String getName() {
        return "update_by_query_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(POST, "/{index}/_update_by_query"));
    }

    @Override
    UpdateByQueryRequest parse(RestRequest request) throws IOException {
        UpdateByQueryRequest update = new UpdateByQueryRequest();
        parseSearch(request, update, Map.of(
            "conflicts", value -> update.setConflicts((String) value),
            "script", value -> update.setScript(Script.parse(value)),
            "max_docs", value -> update.setMaxDocs(((Number) value).intValue())
        ));
        return update.setPipeline(request.param("pipeline"));
    }
}
