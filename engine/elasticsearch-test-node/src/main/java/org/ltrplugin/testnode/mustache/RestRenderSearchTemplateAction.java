package org.ltrplugin.testnode.mustache;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.script.ScriptType;
import org.elasticsearch.xcontent.XContentParser;

final class RestRenderSearchTemplateAction extends BaseRestHandler {
    @Override
    public String getName() {
        return "render_search_template_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route(GET, "/_render/template"),
            new Route(POST, "/_render/template"),
            new Route(GET, "/_render/template/{id}"),
            new Route(POST, "/_render/template/{id}")
        );
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        SearchTemplateRequest render = new SearchTemplateRequest();
        if (request.hasContentOrSourceParam()) {
            try (XContentParser parser = request.contentOrSourceParamParser()) {
                render = SearchTemplateRequest.fromXContent(parser);
            }
        }
        render.setSimulate(true);
        String id = request.param("id");
        if (id != null) {
            render.setScriptType(ScriptType.STORED);
            render.setScript(id);
        }
        SearchTemplateRequest rendered = render;
        return channel -> client.execute(MustachePlugin.SEARCH, rendered, new RestToXContentListener<>(channel));
    }
}
