package org.ltrplugin.testnode.mustache;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;

/** The mustache script engine, and searches by template. */
public final class MustachePlugin extends Plugin implements ScriptPlugin, ActionPlugin {
    static final ActionType<SearchTemplateResponse> SEARCH = new ActionType<>("indices:data/read/search/template");
    static final ActionType<MultiSearchTemplateResponse> MULTI_SEARCH = new ActionType<>("indices:data/read/msearch/template");

    @Override
    public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
        return new MustacheScriptEngine();
    }

    @Override
    public Collection<ActionHandler> getActions() {
        return List.of(
            new ActionHandler(SEARCH, TransportSearchTemplateAction.class),
            new ActionHandler(MULTI_SEARCH, TransportMultiSearchTemplateAction.class)
        );
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services,
        Supplier<DiscoveryNodes> nodes,
        Predicate<NodeFeature> clusterHas
    ) {
        return List.of(
            new RestSearchTemplateAction(clusterHas),
            new RestMultiSearchTemplateAction(services.settings()),
            new RestRenderSearchTemplateAction()
        );
    }
}
