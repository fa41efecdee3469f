package org.ltrplugin.testnode.mustache;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.common.xcontent.LoggingDeprecationHandler;
import org.elasticsearch.features.FeatureService;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.XContentParserConfiguration;

/** Renders a template, and searches for what it then says. */
public final class TransportSearchTemplateAction extends HandledTransportAction<SearchTemplateRequest, SearchTemplateResponse> {
    private final ScriptService scripts;
    private final XContentParserConfiguration parsing;
    private final FeatureService features;
    private final ClusterService cluster;
    private final NodeClient client;

    @Inject
    public TransportSearchTemplateAction(
        TransportService transport,
        ActionFilters filters,
        ScriptService scripts,
        NamedXContentRegistry registry,
        FeatureService features,
        ClusterService cluster,
        NodeClient client
    ) {
        super(MustachePlugin.SEARCH.name(), transport, filters, SearchTemplateRequest::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.scripts = scripts;
        this.parsing = XContentParserConfiguration.EMPTY.withRegistry(registry)
            .withDeprecationHandler(LoggingDeprecationHandler.INSTANCE);
        this.features = features;
        this.cluster = cluster;
        this.client = client;
    }

    @Override
    protected void doExecute(Task task, SearchTemplateRequest request, ActionListener<SearchTemplateResponse> listener) {
        SearchTemplateResponse response = new SearchTemplateResponse();
        ActionListener<SearchTemplateResponse> answered = ActionListener.runAfter(listener, response::decRef);
        try {
            SearchRequest search = Templates.search(
                request, response, scripts, parsing, feature -> features.clusterHasFeature(cluster.state(), feature)
            );
            if (search == null) {
                answered.onResponse(response);
            } else {
                client.search(search, answered.delegateFailureAndWrap((next, found) -> {
                    response.setResponse(found);
                    next.onResponse(response);
                }));
            }
        } catch (Exception e) {
            answered.onFailure(e);
        }
    }
}
