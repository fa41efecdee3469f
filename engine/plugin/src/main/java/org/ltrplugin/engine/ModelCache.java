package org.ltrplugin.engine;

import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.opensearch.ResourceNotFoundException;
import org.opensearch.action.get.GetAction;
import org.opensearch.action.get.GetRequest;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.support.PlainActionFuture;
import org.opensearch.cluster.ClusterChangedEvent;
import org.opensearch.cluster.ClusterStateListener;
import org.opensearch.common.lease.Releasable;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.MemorySizeValue;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.common.unit.ByteSizeValue;
import org.opensearch.core.index.Index;

/**
 * The compiled models and feature sets of the node. Concurrent loads of the same element share one request. Each of the
 * two caches, for models and for feature sets, is limited in bytes; entries expire after a time.
 */
final class ModelCache implements ClusterStateListener {
    /** The limit of each of the two caches. */
    static final Setting<ByteSizeValue> MAX_MEM =
            new Setting<>("ltr.caches.max_mem", "10%", ModelCache::parseMemory, Property.NodeScope, Property.Dynamic);

    static final Setting<TimeValue> EXPIRE_AFTER_WRITE = expiry("ltr.caches.expire_after_write");
    static final Setting<TimeValue> EXPIRE_AFTER_READ = expiry("ltr.caches.expire_after_read");

    /** A store on a node that does not answer must not stop the loads from other stores for long. */
    private static final TimeValue READ_TIMEOUT = TimeValue.timeValueSeconds(30);

    private final StoreClient client;
    private final CompilerThread compiler;
    private final LongAdder requests = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final Map<ElementType, WeightedCache<ElementKey, CompiledModel>> caches = new EnumMap<>(ElementType.class);
    private final Map<ElementKey, CompletableFuture<CompiledModel>> inFlight = new ConcurrentHashMap<>();

    ModelCache(StoreClient client, CompilerThread compiler, Settings settings) {
        this.client = client;
        this.compiler = compiler;
        caches.put(ElementType.FEATURESET, newCache(settings));
        caches.put(ElementType.MODEL, newCache(settings));
        client.clusterService().addListener(this);
        client.clusterService().getClusterSettings().addSettingsUpdateConsumer(MAX_MEM, this::resize);
    }

    private static ByteSizeValue parseMemory(String text) {
        ByteSizeValue parsed = MemorySizeValue.parseBytesSizeValueOrHeapRatio(text, "ltr.caches.max_mem");
        if (parsed.getBytes() < 0) {
            throw new IllegalArgumentException("[ltr.caches.max_mem] must not be negative, got [" + text + "]");
        }
        return parsed;
    }

    private static Setting<TimeValue> expiry(String key) {
        return Setting.timeSetting(key, TimeValue.timeValueHours(1), TimeValue.ZERO, Property.NodeScope);
    }

    private static WeightedCache<ElementKey, CompiledModel> newCache(Settings settings) {
        return new WeightedCache<>(
                MAX_MEM.get(settings).getBytes(),
                CompiledModel::ramBytesUsed,
                EXPIRE_AFTER_WRITE.get(settings).nanos(),
                EXPIRE_AFTER_READ.get(settings).nanos(),
                System::nanoTime);
    }

    private void resize(ByteSizeValue max) {
        caches.values().forEach(cache -> cache.setMaxWeight(max.getBytes()));
    }

    /**
     * The compiled model, from the cache or from the store. The future fails when the element is missing or invalid.
     */
    CompletableFuture<CompiledModel> load(ElementKey key) {
        CompletableFuture<CompiledModel> load = new CompletableFuture<>();
        CompletableFuture<CompiledModel> running = inFlight.putIfAbsent(key, load);
        if (running != null) {
            return running;
        }
        // The cache is read only now: a load that has just ended filled the cache before it left the table.
        CompiledModel cached = caches.get(key.type()).get(key);
        if (cached != null) {
            inFlight.remove(key, load);
            load.complete(cached);
            return load;
        }
        compiler.run(ActionListener.wrap(ignored -> {}, failure -> fail(key, load, failure)), () -> read(key, load));
        return load;
    }

    private void read(ElementKey key, CompletableFuture<CompiledModel> load) {
        try {
            client.requireOpen(key.index());
            PlainActionFuture<GetResponse> fetched = new PlainActionFuture<>();
            client.execute(GetAction.INSTANCE, new GetRequest(key.index(), key.documentId()), fetched);
            CompiledModel model = compile(key, fetched.actionGet(READ_TIMEOUT));
            cacheUnlessCleared(key, load, model);
            load.complete(model);
        } catch (Exception e) {
            fail(key, load, e);
        } catch (Error e) {
            fail(key, load, e); // otherwise the waiting searches would never return
            throw e;
        }
    }

    /**
     * After a clear() during the load, the result goes to those who wait for it, but not into the cache. A clear() first
     * removes the load from the table, so it waits for this step, and then finds the model in the cache.
     */
    private void cacheUnlessCleared(ElementKey key, CompletableFuture<CompiledModel> load, CompiledModel model) {
        inFlight.computeIfPresent(key, (loaded, running) -> {
            if (running != load) {
                return running;
            }
            caches.get(key.type()).put(key, model);
            return null;
        });
    }

    private void fail(ElementKey key, CompletableFuture<CompiledModel> load, Throwable failure) {
        inFlight.remove(key, load);
        load.completeExceptionally(failure);
    }

    @SuppressWarnings("try") // the reservation is only closed
    private CompiledModel compile(ElementKey key, GetResponse document) throws IOException {
        if (document.isExists() == false) {
            throw new ResourceNotFoundException("Unknown " + key);
        }
        BytesReference source = document.getSourceAsBytesRef();
        try (Releasable reserved = compiler.reserveCompiling(key.toString(), source.length())) {
            return switch (Element.fromDocument(key.type(), source)) {
                case Model model -> CompiledModel.of(model);
                case FeatureSet set -> CompiledModel.of(set);
                case Feature feature ->
                    throw new IllegalArgumentException(
                            "a feature cannot score documents, use a feature set or a model");
            };
        }
    }

    /** Removes all elements of a store. */
    void clear(String index) {
        inFlight.keySet().removeIf(key -> key.index().equals(index));
        caches.values().forEach(cache -> cache.removeIf(key -> key.index().equals(index)));
    }

    void clear(ElementKey key) {
        inFlight.remove(key);
        if (caches.containsKey(key.type())) {
            caches.get(key.type()).remove(key);
        }
    }

    @Override
    public void clusterChanged(ClusterChangedEvent event) {
        for (Index index : event.indicesDeleted()) {
            clear(index.getName());
        }
    }

    /** Counts a search of a shard with an sltr query. */
    void countRequest() {
        requests.increment();
    }

    /** Counts an sltr query that cannot be bound to a shard. */
    void countError() {
        errors.increment();
    }

    NodeStats stats() {
        Map<ElementType, NodeStats.CacheStats> stats = new EnumMap<>(ElementType.class);
        caches.forEach((type, cache) -> stats.put(type, NodeStats.CacheStats.of(cache.stats())));
        return new NodeStats(stats, requests.sum(), errors.sum());
    }

    /** The usage of the caches of this node, by store index. */
    Map<String, CacheUsage> usage() {
        Map<String, CacheUsage> usage = new HashMap<>();
        caches.forEach((type, cache) -> cache.snapshot()
                .forEach((key, model) -> usage.computeIfAbsent(key.index(), index -> new CacheUsage())
                        .add(type, 1, model.ramBytesUsed())));
        return usage;
    }
}
