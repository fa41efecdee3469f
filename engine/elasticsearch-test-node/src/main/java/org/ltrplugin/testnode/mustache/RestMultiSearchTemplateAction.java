package org.ltrplugin.testnode.mustache;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.rest.action.search.RestMultiSearchAction;
import org.elasticsearch.rest.action.search.RestSearchAction;

final class RestMultiSearchTemplateAction extends BaseRestHandler {
    private final boolean allowExplicitIndex;

    RestMultiSearchTemplateAction(Settings settings) {
        allowExplicitIndex = MULTI_ALLOW_EXPLICIT_INDEX.get(settings);
    }

    @Override
    public String getName() {
        return "multi_search_template_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route(GET, "/_msearch/template"),
            new Route(POST, "/_msearch/template"),
            new Route(GET, "/{index}/_msearch/template"),
            new Route(POST, "/{index}/_msearch/template")
        );
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        MultiSearchTemplateRequest all = new MultiSearchTemplateRequest();
        if (request.hasParam("max_concurrent_searches")) {
            all.maxConcurrentSearchRequests(request.paramAsInt("max_concurrent_searches", 0));
        }
        RestMultiSearchAction.parseMultiLineRequest(request, all.indicesOptions(), allowExplicitIndex, (search, body) -> {
            SearchTemplateRequest template = SearchTemplateRequest.fromXContent(body);
            if (template.getScript() == null) {
                throw new IllegalArgumentException("Malformed search template");
            }
            template.setRequest(search);
            all.add(template);
            RestSearchAction.validateSearchRequest(request, search);
        }, Optional.empty());
        return channel -> client.execute(MustachePlugin.MULTI_SEARCH, all, new RestToXContentListener<>(channel));
    }

    @Override
    public boolean mediaTypesValid(RestRequest request) {
        return true; // lines of JSON; their parser refuses the rest
    }

    @Override
    protected Set<String> responseParams() {
        return Set.of(RestSearchAction.TYPED_KEYS_PARAM, RestSearchAction.TOTAL_HITS_AS_INT_PARAM);
    }
}
