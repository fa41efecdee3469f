package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.util.SetOnce;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.node.DiscoveryNodes;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.Nullable;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.IndexScopedSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.settings.SettingsFilter;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.env.Environment;
import org.opensearch.env.NodeEnvironment;
import org.opensearch.index.IndexModule;
import org.opensearch.index.analysis.PreConfiguredTokenFilter;
import org.opensearch.index.analysis.PreConfiguredTokenizer;
import org.opensearch.index.shard.IndexSettingProvider;
import org.opensearch.indices.SystemIndexDescriptor;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.AnalysisPlugin;
import org.opensearch.plugins.CircuitBreakerPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.SearchPlugin;
import org.opensearch.plugins.SystemIndexPlugin;
import org.opensearch.repositories.RepositoriesService;
import org.opensearch.rest.RestController;
import org.opensearch.rest.RestHandler;
import org.opensearch.script.ScriptService;
import org.opensearch.search.fetch.FetchSubPhase;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;
import org.opensearch.watcher.ResourceWatcherService;

/** The plugin: registers queries, REST handlers, settings and the other extensions with the node. */
public final class LtrEnginePlugin extends Plugin
        implements ActionPlugin, AnalysisPlugin, CircuitBreakerPlugin, SearchPlugin, SystemIndexPlugin {
    static final Setting<Boolean> ENABLED =
            Setting.boolSetting("ltr.plugin.enabled", true, Setting.Property.NodeScope, Setting.Property.Dynamic);

    private final SetOnce<StoreClient> client = new SetOnce<>();
    private final SetOnce<ModelCache> models = new SetOnce<>();
    private final SetOnce<CompilerThread> compiler = new SetOnce<>();
    private final SetOnce<CircuitBreaker> breaker = new SetOnce<>();
    private final HeapBreaker heapBreaker;
    private final boolean loopbackOnly;
    private final List<ExactVectors> exactVectors;
    private volatile boolean enabled = true;

    public LtrEnginePlugin(Settings settings) {
        heapBreaker = new HeapBreaker(HeapBreaker.ENABLED.get(settings));
        loopbackOnly = LoopbackGuard.ENABLED.get(settings);
        exactVectors = ExactVectors.ENABLED.get(settings) ? List.of(new ExactVectors()) : List.of();
    }

    @Override
    public BreakerSettings getCircuitBreaker(Settings settings) {
        return CompilerThread.breaker(settings);
    }

    @Override
    public void setCircuitBreaker(CircuitBreaker circuitBreaker) {
        breaker.set(circuitBreaker);
    }

    @Override
    public List<ExecutorBuilder<?>> getExecutorBuilders(Settings settings) {
        return List.of(CompilerThread.executor(settings));
    }

    /** A node has at most one wrapper: there is none where another plugin, such as security, has its own. */
    @Override
    @Nullable
    public UnaryOperator<RestHandler> getRestHandlerWrapper(ThreadContext context) {
        return loopbackOnly ? LoopbackGuard::wrap : null;
    }

    @Override
    public Collection<IndexSettingProvider> getAdditionalIndexSettingProviders() {
        return List.copyOf(exactVectors);
    }

    @Override
    public List<ActionFilter> getActionFilters() {
        return List.copyOf(exactVectors);
    }

    @Override
    public Collection<Object> createComponents(
            Client nodeClient,
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
        enabled = ENABLED.get(environment.settings());
        clusterService.getClusterSettings().addSettingsUpdateConsumer(ENABLED, value -> enabled = value);
        client.set(new StoreClient(nodeClient, clusterService));
        clusterService.getClusterSettings().addSettingsUpdateConsumer(HeapBreaker.ENABLED, heapBreaker::enable);
        compiler.set(new CompilerThread(threadPool, breaker.get()));
        models.set(new ModelCache(client.get(), compiler.get(), environment.settings()));
        return List.of(models.get());
    }

    @Override
    public List<Setting<?>> getSettings() {
        return List.of(
                ENABLED,
                HeapBreaker.ENABLED,
                LoopbackGuard.ENABLED,
                ExactVectors.ENABLED,
                StoreIndex.VERSION,
                ModelCache.MAX_MEM,
                ModelCache.EXPIRE_AFTER_WRITE,
                ModelCache.EXPIRE_AFTER_READ);
    }

    @Override
    public List<QuerySpec<?>> getQueries() {
        List<QuerySpec<?>> queries = new ArrayList<>(Unsupported.queries());
        queries.add(new QuerySpec<>(
                SltrQueryBuilder.NAME,
                in -> new SltrQueryBuilder(in, models::get),
                parser -> SltrQueryBuilder.parse(parser, models::get)));
        queries.add(new QuerySpec<>(
                ValidatingQueryBuilder.NAME, ValidatingQueryBuilder::new, ValidatingQueryBuilder::parse));
        return queries;
    }

    @Override
    public void onIndexModule(IndexModule index) {
        index.addSearchOperationListener(WindowRescoreContext.LISTENER);
    }

    @Override
    public List<FetchSubPhase> getFetchSubPhases(FetchPhaseConstructionContext context) {
        return List.of(new FeatureLogFetchSubPhase());
    }

    @Override
    public List<SearchExtSpec<?>> getSearchExts() {
        return List.of(
                new SearchExtSpec<>(FeatureLogExtBuilder.NAME, FeatureLogExtBuilder::new, FeatureLogExtBuilder::parse));
    }

    @Override
    public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        return List.of(new ActionHandler<>(TransportCachesAction.TYPE, TransportCachesAction.class));
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
        ElementStore elements = new ElementStore(client.get(), heapBreaker);
        List<RestHandler> handlers = new ArrayList<>();
        handlers.add(new RestStores(client.get(), () -> enabled));
        for (ElementType type : ElementType.values()) {
            handlers.add(new RestElements(type, elements, compiler.get(), () -> enabled));
        }
        handlers.add(new RestAddFeatures(elements, compiler.get(), () -> enabled));
        handlers.add(new RestCreateModel(elements, compiler.get(), () -> enabled));
        handlers.add(new RestCaches(client.get(), () -> enabled));
        handlers.add(new RestStats(client.get(), heapBreaker));
        return handlers;
    }

    @Override
    public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
        return StoreAnalysis.tokenizers();
    }

    @Override
    public List<PreConfiguredTokenFilter> getPreConfiguredTokenFilters() {
        return StoreAnalysis.tokenFilters();
    }

    @Override
    public Collection<SystemIndexDescriptor> getSystemIndexDescriptors(Settings settings) {
        return List.of(new SystemIndexDescriptor(StoreIndex.PATTERN, "Feature stores for learning to rank"));
    }
}
