package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensearch.ExceptionsHelper;
import org.opensearch.ResourceNotFoundException;
import org.opensearch.Version;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.ActionType;
import org.opensearch.action.get.GetRequest;
import org.opensearch.action.get.GetResponse;
import org.opensearch.cluster.ClusterChangedEvent;
import org.opensearch.cluster.ClusterName;
import org.opensearch.cluster.ClusterState;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.Metadata;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.ToXContent;
import org.opensearch.index.get.GetResult;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.threadpool.ThreadPool;

class ModelCacheTests {
    private static final String INDEX = StoreIndex.indexName("tests");

    private static ThreadPool threadPool;

    private FakeClient client;
    private ClusterSettings settings;
    private ModelCache cache;
    private CircuitBreaker breaker = breaker(1_000_000);

    /** Answers get requests for documents from a map. While {@code held} is not null, it collects the answers. */
    private static final class FakeClient extends NodeParts.TestClient {
        private final Map<String, BytesReference> documents = new HashMap<>();
        private int requests;
        private BlockingQueue<Runnable> held;

        FakeClient() {
            super(threadPool);
        }

        @Override
        @SuppressWarnings("unchecked")
        protected <Request extends ActionRequest, Response extends ActionResponse> void doExecute(
                ActionType<Response> action, Request request, ActionListener<Response> listener) {
            requests++;
            GetRequest get = (GetRequest) request;
            BytesReference source = documents.get(get.id());
            GetResult result = source == null
                    ? new GetResult(get.index(), get.id(), -2, 0, -1, false, null, Map.of(), Map.of())
                    : new GetResult(get.index(), get.id(), 0, 1, 1, true, source, Map.of(), Map.of());
            Runnable answer = () -> listener.onResponse((Response) new GetResponse(result));
            if (held == null) {
                answer.run();
            } else {
                held.add(answer);
            }
        }
    }

    @BeforeAll
    static void startThreadPool() {
        Settings settings = Settings.builder().put("node.name", "tests").build();
        threadPool = NodeParts.threadPool(settings, CompilerThread.executor(settings));
    }

    @AfterAll
    static void stopThreadPool() {
        ThreadPool.terminate(threadPool, 10, TimeUnit.SECONDS);
    }

    @BeforeEach
    void createCache() {
        Settings none = Settings.builder().put("node.name", "tests").build();
        Set<Setting<?>> known = new HashSet<>(ClusterSettings.BUILT_IN_CLUSTER_SETTINGS);
        known.addAll(List.of(ModelCache.MAX_MEM, ModelCache.EXPIRE_AFTER_READ, ModelCache.EXPIRE_AFTER_WRITE));
        settings = new ClusterSettings(none, known);
        client = new FakeClient();
        ClusterService cluster = NodeParts.clusterService(none, settings, threadPool);
        cluster.getClusterApplierService().setInitialState(withStore());
        CompilerThread compiler = new CompilerThread(threadPool, breaker);
        cache = new ModelCache(new StoreClient(client, cluster), compiler, none);
    }

    private ElementKey store(String name, String template) throws IOException {
        Feature feature = new Feature("f", List.of(), Feature.MUSTACHE, new JsonText(template, false));
        FeatureSet set = new FeatureSet(name, List.of(feature));
        ElementKey key = new ElementKey(INDEX, set.type(), name);
        client.documents.put(key.documentId(), BytesReference.bytes(set.toDocument()));
        return key;
    }

    private static CompiledModel await(CompletableFuture<CompiledModel> load) throws Exception {
        return load.get(10, TimeUnit.SECONDS);
    }

    @Test
    void anElementIsLoadedOnce() throws Exception {
        ElementKey key = store("s", "{}");
        CompiledModel model = await(cache.load(key));
        assertEquals("s", model.name());
        assertSame(model, await(cache.load(key)));
        assertEquals(1, client.requests);
        CacheUsage expected = new CacheUsage();
        expected.add(ElementType.FEATURESET, 1, model.ramBytesUsed());
        assertEquals(json(expected), json(cache.usage().get(INDEX)));
    }

    private static String json(CacheUsage usage) throws IOException {
        return BytesReference.bytes(usage.toXContent(XContentFactory.jsonBuilder(), ToXContent.EMPTY_PARAMS))
                .utf8ToString();
    }

    @Test
    void concurrentLoadsShareOneRequest() throws Exception {
        ElementKey key = store("s", "{}");
        client.held = new LinkedBlockingQueue<>();
        CompletableFuture<CompiledModel> first = cache.load(key);
        CompletableFuture<CompiledModel> second = cache.load(key);
        client.held.take().run();
        assertSame(await(first), await(second));
        assertEquals(1, client.requests);
    }

    @Test
    void aClearedElementIsLoadedAgain() throws Exception {
        ElementKey key = store("s", "{}");
        CompiledModel old = await(cache.load(key));
        cache.clear(key);
        assertNotSame(old, await(cache.load(key)));
        cache.clear(StoreIndex.indexName("other"));
        assertEquals(2, client.requests);
        await(cache.load(key));
        assertEquals(2, client.requests);
        cache.clear(INDEX);
        assertEquals(Map.of(), cache.usage());
    }

    @Test
    void aLoadThatIsClearedWhileItRunsIsNotCached() throws Exception {
        ElementKey key = store("s", "{}");
        client.held = new LinkedBlockingQueue<>();
        CompletableFuture<CompiledModel> load = cache.load(key);
        cache.clear(key);
        CompletableFuture<CompiledModel> next = cache.load(key);
        client.held.take().run();
        await(load);
        assertEquals(Map.of(), cache.usage());
        client.held.take().run();
        assertSame(await(next), await(cache.load(key)));
    }

    @Test
    void missingAndInvalidElementsFailAndAreNotCached() throws Exception {
        ElementKey missing = new ElementKey(INDEX, ElementType.MODEL, "m");
        Exception failure = assertThrows(ExecutionException.class, () -> await(cache.load(missing)));
        assertInstanceOf(ResourceNotFoundException.class, failure.getCause());
        assertEquals("Unknown model [m] in [" + INDEX + "]", failure.getCause().getMessage());
        ElementKey invalid = store("s", "{{");
        failure = assertThrows(ExecutionException.class, () -> await(cache.load(invalid)));
        assertInstanceOf(IllegalArgumentException.class, failure.getCause());
        assertEquals(Map.of(), cache.usage());
        store("s", "{}");
        assertEquals("s", await(cache.load(invalid)).name());
    }

    @Test
    void theLeastRecentlyUsedElementsLeaveAFullCache() throws Exception {
        ElementKey first = store("s1", "x".repeat(1_000));
        ElementKey second = store("s2", "x".repeat(1_000));
        long bytes = await(cache.load(first)).ramBytesUsed();
        settings.applySettings(Settings.builder()
                .put(ModelCache.MAX_MEM.getKey(), (bytes + 100) + "b")
                .build());
        await(cache.load(second));
        assertEquals(2, client.requests);
        await(cache.load(second));
        assertEquals(2, client.requests);
        await(cache.load(first));
        assertEquals(3, client.requests);
    }

    @Test
    void memoryMustNotBeNegative() {
        Settings negative =
                Settings.builder().put(ModelCache.MAX_MEM.getKey(), "-1b").build();
        assertThrows(IllegalArgumentException.class, () -> ModelCache.MAX_MEM.get(negative));
        assertTrue(ModelCache.MAX_MEM.get(Settings.EMPTY).getBytes() > 0);
    }

    @Test
    void aDeletedStoreLeavesTheCache() throws Exception {
        await(cache.load(store("s", "{}")));
        ClusterState after = ClusterState.builder(new ClusterName("tests")).build();
        cache.clusterChanged(new ClusterChangedEvent("tests", after, withStore()));
        assertEquals(Map.of(), cache.usage());
    }

    @Test
    void aLoadThatExceedsTheMemoryIsRefusedAndNotCached() throws Exception {
        ElementKey key = store("s", "x".repeat(2_000));
        breaker = breaker(1_000);
        createCache();
        store("s", "x".repeat(2_000));
        Exception failure = assertThrows(ExecutionException.class, () -> await(cache.load(key)));
        assertEquals(RestStatus.TOO_MANY_REQUESTS, ExceptionsHelper.status(failure.getCause()));
        assertEquals(0, breaker.getUsed());
        breaker.setLimitAndOverhead(1_000_000, 1);
        assertEquals("s", await(cache.load(key)).name());
        assertEquals(0, breaker.getUsed());
    }

    @Test
    void aStoreThatDoesNotExistIsNamed() {
        ElementKey lost = new ElementKey(StoreIndex.indexName("lost"), ElementType.MODEL, "m");
        Exception failure = assertThrows(ExecutionException.class, () -> await(cache.load(lost)));
        assertTrue(failure.getCause().getMessage().contains("does not exist: create or restore"));
        assertEquals(0, client.requests);
    }

    private static CircuitBreaker breaker(long limit) {
        return NodeParts.breaker(new BreakerSettings("ltr", limit, 1));
    }

    private static ClusterState withStore() {
        IndexMetadata index = IndexMetadata.builder(INDEX)
                .settings(Settings.builder()
                        .put(IndexMetadata.SETTING_VERSION_CREATED, Version.CURRENT)
                        .put(IndexMetadata.SETTING_INDEX_UUID, "uuid"))
                .numberOfShards(1)
                .numberOfReplicas(0)
                .build();
        return ClusterState.builder(new ClusterName("tests"))
                .metadata(Metadata.builder().put(index, false))
                .build();
    }
}
