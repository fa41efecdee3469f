package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.action.support.ActionFilter;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.indices.SystemIndexDescriptor;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestHeaderDefinition;

/** The plugin of Elasticsearch. */
public final class LtrEnginePlugin extends LtrPlugin {
    private final boolean loopbackOnly;
    private final LoopbackFilter loopbackFilter = new LoopbackFilter();

    public LtrEnginePlugin(Settings settings) {
        super(settings);
        loopbackOnly = LoopbackGuard.ENABLED.get(settings);
    }

    @Override
    public Collection<?> createComponents(PluginServices services) {
        ThreadContext context = services.threadPool().getThreadContext();
        loopbackFilter.setContext(context);
        return List.of(createComponents(
                services.client(),
                services.clusterService(),
                services.threadPool(),
                services.environment().settings()));
    }

    @Override
    public Collection<ActionHandler> getActions() {
        List<ActionHandler> actions = new ArrayList<>();
        actions.add(new ActionHandler(TransportCachesAction.TYPE, TransportCachesAction.class));
        for (PermissionAction.Kind kind : PermissionAction.Kind.values()) {
            actions.add(new ActionHandler(kind.type(), kind.implementation()));
        }
        return actions;
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
            RestHandlersServices services,
            Supplier<DiscoveryNodes> nodesInCluster,
            Predicate<NodeFeature> clusterSupportsFeature) {
        return restHandlers();
    }

    @Override
    public Collection<RestHeaderDefinition> getRestHeaders() {
        return loopbackOnly
                ? LoopbackGuard.HEADERS.keySet().stream()
                        .map(header -> new RestHeaderDefinition(header, true))
                        .toList()
                : List.of();
    }

    @Override
    public Collection<ActionFilter> getActionFilters() {
        return loopbackOnly ? List.of(loopbackFilter) : List.of();
    }

    @Override
    public String getFeatureName() {
        return "ltr";
    }

    @Override
    public String getFeatureDescription() {
        return StoreIndex.DESCRIPTION;
    }

    /** The plugin itself creates the indices, with their mapping and settings: they are not managed by the node. */
    @Override
    public Collection<SystemIndexDescriptor> getSystemIndexDescriptors(Settings settings) {
        return List.of(SystemIndexDescriptor.builder()
                .setIndexPattern(StoreIndex.PATTERN)
                .setDescription(StoreIndex.DESCRIPTION)
                .setType(SystemIndexDescriptor.Type.INTERNAL_UNMANAGED)
                .build());
    }
}
