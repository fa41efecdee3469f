package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.node.DiscoveryNodes;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.IndexScopedSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.settings.SettingsFilter;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.env.Environment;
import org.opensearch.env.NodeEnvironment;
import org.opensearch.index.shard.IndexSettingProvider;
import org.opensearch.indices.SystemIndexDescriptor;
import org.opensearch.repositories.RepositoriesService;
import org.opensearch.rest.RestController;
import org.opensearch.rest.RestHandler;
import org.opensearch.script.ScriptService;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;
import org.opensearch.watcher.ResourceWatcherService;

/** The plugin of OpenSearch. */
public final class LtrEnginePlugin extends LtrPlugin {
    private final boolean loopbackOnly;
    private final List<ExactVectors> exactVectors;

    public LtrEnginePlugin(Settings settings) {
        super(settings);
        loopbackOnly = LoopbackGuard.ENABLED.get(settings);
        exactVectors = ExactVectors.ENABLED.get(settings) ? List.of(new ExactVectors()) : List.of();
    }

    @Override
    public Collection<Object> createComponents(
            Client client,
            ClusterService clusterService,
            ThreadPool threadPool,
            ResourceWatcherService resourceWatcherService,
            ScriptService scriptService,
            NamedXContentRegistry xContentRegistry,
            Environment environment,
            NodeEnvironment nodeEnvironment,
            NamedWriteableRegistry namedWriteableRegistry,
            IndexNameExpressionResolver indexNameExpressionResolver,
            Supplier<RepositoriesService> repositoriesService) {
        return List.of(createComponents(client, clusterService, threadPool, environment.settings()));
    }

    @Override
    public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> actions = new ArrayList<>();
        actions.add(new ActionHandler<>(TransportCachesAction.TYPE, TransportCachesAction.class));
        for (PermissionAction.Kind kind : PermissionAction.Kind.values()) {
            actions.add(new ActionHandler<>(kind.type(), kind.implementation()));
        }
        return actions;
    }

    @Override
    public List<RestHandler> getRestHandlers(
            Settings settings,
            RestController restController,
            ClusterSettings clusterSettings,
            IndexScopedSettings indexScopedSettings,
            SettingsFilter settingsFilter,
            IndexNameExpressionResolver indexNameExpressionResolver,
            Supplier<DiscoveryNodes> nodesInCluster) {
        return restHandlers();
    }

    /** A node has at most one wrapper: there is none where another plugin, such as security, has its own. */
    @Override
    @Nullable
    public UnaryOperator<RestHandler> getRestHandlerWrapper(ThreadContext context) {
        return loopbackOnly ? LtrEnginePlugin::loopbackOnly : null;
    }

    private static RestHandler loopbackOnly(RestHandler handler) {
        return (request, channel, client) -> {
            LoopbackGuard.check(request.getHeaders()::get);
            handler.handleRequest(request, channel, client);
        };
    }

    @Override
    public Collection<SystemIndexDescriptor> getSystemIndexDescriptors(Settings settings) {
        return List.of(new SystemIndexDescriptor(StoreIndex.PATTERN, StoreIndex.DESCRIPTION));
    }

    @Override
    public List<Setting<?>> getSettings() {
        List<Setting<?>> settings = new ArrayList<>(super.getSettings());
        settings.add(ExactVectors.ENABLED);
        return settings;
    }

    @Override
    public Collection<IndexSettingProvider> getAdditionalIndexSettingProviders() {
        return List.copyOf(exactVectors);
    }

    @Override
    public List<ActionFilter> getActionFilters() {
        return List.copyOf(exactVectors);
    }
}
