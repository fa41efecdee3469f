package org.ltrplugin.testnode.mustache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.MultiSearchRequest;
import org.elasticsearch.action.search.MultiSearchResponse;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.common.xcontent.LoggingDeprecationHandler;
import org.elasticsearch.features.FeatureService;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.XContentParserConfiguration;

/** Renders several templates, and searches for what each then says; one that fails does not stop the others. */
public final class TransportMultiSearchTemplateAction
    extends HandledTransportAction<MultiSearchTemplateRequest, MultiSearchTemplateResponse> {
    private final ScriptService scripts;
    private final XContentParserConfiguration parsing;
    private final FeatureService features;
    private final ClusterService cluster;
    private final NodeClient client;

    @Inject
    public TransportMultiSearchTemplateAction(
        TransportService transport,
        ActionFilters filters,
        ScriptService scripts,
        NamedXContentRegistry registry,
        FeatureService features,
        ClusterService cluster,
        NodeClient client
    ) {
        super(
            MustachePlugin.MULTI_SEARCH.name(), transport, filters, MultiSearchTemplateRequest::new,
            EsExecutors.DIRECT_EXECUTOR_SERVICE
        );
        this.scripts = scripts;
        this.parsing = XContentParserConfiguration.EMPTY.withRegistry(registry)
            .withDeprecationHandler(LoggingDeprecationHandler.INSTANCE);
        this.features = features;
        this.cluster = cluster;
        this.client = client;
    }

    @Override
    protected void doExecute(Task task, MultiSearchTemplateRequest request, ActionListener<MultiSearchTemplateResponse> listener) {
        MultiSearchRequest searches = new MultiSearchRequest();
        searches.indicesOptions(request.indicesOptions());
        if (request.maxConcurrentSearchRequests() != 0) {
            searches.maxConcurrentSearchRequests(request.maxConcurrentSearchRequests());
        }
        MultiSearchTemplateResponse.Item[] items = new MultiSearchTemplateResponse.Item[request.requests().size()];
        List<Integer> searched = new ArrayList<>();
        for (int i = 0; i < items.length; i++) {
            SearchTemplateResponse response = new SearchTemplateResponse();
            try {
                SearchRequest search = Templates.search(
                    request.requests().get(i), response, scripts, parsing,
                    feature -> features.clusterHasFeature(cluster.state(), feature)
                );
                items[i] = new MultiSearchTemplateResponse.Item(response, null);
                if (search != null) {
                    searches.add(search);
                    searched.add(i);
                }
            } catch (Exception e) {
                response.decRef();
                items[i] = new MultiSearchTemplateResponse.Item(null, e);
            }
        }
        MultiSearchTemplateResponse all = new MultiSearchTemplateResponse(Arrays.asList(items));
        ActionListener<MultiSearchTemplateResponse> answered = ActionListener.runAfter(listener, all::decRef);
        if (searched.isEmpty()) {
            answered.onResponse(all);
            return;
        }
        client.multiSearch(searches, answered.delegateFailureAndWrap((next, found) -> {
            all.tookMillis(found.getTook().millis());
            for (int i = 0; i < searched.size(); i++) {
                MultiSearchResponse.Item item = found.getResponses()[i];
                int slot = searched.get(i);
                if (item.isFailure()) {
                    items[slot].response().decRef();
                    items[slot] = new MultiSearchTemplateResponse.Item(null, item.getFailure());
                } else {
                    items[slot].response().setResponse(item.getResponse());
                }
            }
            next.onResponse(all);
        }));
    }
}
