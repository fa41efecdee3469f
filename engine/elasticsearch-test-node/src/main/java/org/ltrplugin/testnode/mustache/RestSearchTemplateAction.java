package org.ltrplugin.testnode.mustache;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.xcontent.XContentParser;

final class RestSearchTemplateAction extends BaseRestHandler {
    private final Predicate<NodeFeature> clusterHas;

    RestSearchTemplateAction(Predicate<NodeFeature> clusterHas) {
        this.clusterHas = clusterHas;
    }

    @Override
    public String getName() {
        return "search_template_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route(GET, "/_search/template"),
            new Route(POST, "/_search/template"),
            new Route(GET, "/{index}/_search/template"),
            new Route(POST, "/{index}/_search/template")
        );
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        SearchRequest search = new SearchRequest();
        RestSearchAction.parseSearchRequest(search, request, null, clusterHas, size -> search.source().size(size));
        SearchTemplateRequest template;
        try (XContentParser parser = request.contentOrSourceParamParser()) {
            template = SearchTemplateRequest.fromXContent(parser);
        }
        template.setRequest(search);
        return channel -> new RestCancellableNodeClient(client, request.getHttpChannel())
            .execute(MustachePlugin.SEARCH, template, new RestToXContentListener<>(channel, SearchTemplateResponse::status));
    }

    @Override
    protected Set<String> responseParams() {
        return Set.of(RestSearchAction.TYPED_KEYS_PARAM, RestSearchAction.TOTAL_HITS_AS_INT_PARAM);
    }
}
