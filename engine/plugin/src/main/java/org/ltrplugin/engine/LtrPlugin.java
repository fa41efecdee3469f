package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.util.SetOnce;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.index.IndexModule;
import org.opensearch.index.analysis.PreConfiguredTokenFilter;
import org.opensearch.index.analysis.PreConfiguredTokenizer;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.AnalysisPlugin;
import org.opensearch.plugins.CircuitBreakerPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.SearchPlugin;
import org.opensearch.plugins.SystemIndexPlugin;
import org.opensearch.rest.RestHandler;
import org.opensearch.search.fetch.FetchSubPhase;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;

/** What the plugin registers with the node in the same way on both engines: queries, settings and other extensions. */
abstract class LtrPlugin extends Plugin
        implements ActionPlugin, AnalysisPlugin, CircuitBreakerPlugin, SearchPlugin, SystemIndexPlugin {
    static final Setting<Boolean> ENABLED =
            Setting.boolSetting("ltr.plugin.enabled", true, Setting.Property.NodeScope, Setting.Property.Dynamic);

    private final SetOnce<StoreClient> client = new SetOnce<>();
    private final SetOnce<ModelCache> models = new SetOnce<>();
    private final SetOnce<CompilerThread> compiler = new SetOnce<>();
    private final SetOnce<CircuitBreaker> breaker = new SetOnce<>();
    private final HeapBreaker heapBreaker;
    private volatile boolean enabled = true;

    LtrPlugin(Settings settings) {
        heapBreaker = new HeapBreaker(HeapBreaker.ENABLED.get(settings));
    }

    /** Creates what the handlers and queries of the node share. The injector passes the cache to the actions. */
    final ModelCache createComponents(
            Client nodeClient, ClusterService clusterService, ThreadPool threadPool, Settings settings) {
        enabled = ENABLED.get(settings);
        clusterService.getClusterSettings().addSettingsUpdateConsumer(ENABLED, value -> enabled = value);
        client.set(new StoreClient(nodeClient, clusterService));
        clusterService.getClusterSettings().addSettingsUpdateConsumer(HeapBreaker.ENABLED, heapBreaker::enable);
        compiler.set(new CompilerThread(threadPool, breaker.get()));
        models.set(new ModelCache(client.get(), compiler.get(), settings));
        return models.get();
    }

    final List<RestHandler> restHandlers() {
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

    @Override
    public List<Setting<?>> getSettings() {
        return List.of(
                ENABLED,
                HeapBreaker.ENABLED,
                LoopbackGuard.ENABLED,
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
    public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
        return StoreAnalysis.tokenizers();
    }

    @Override
    public List<PreConfiguredTokenFilter> getPreConfiguredTokenFilters() {
        return StoreAnalysis.tokenFilters();
    }
}
