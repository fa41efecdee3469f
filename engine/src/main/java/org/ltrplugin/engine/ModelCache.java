package org.ltrplugin.engine;

import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.opensearch.ResourceNotFoundException;
import org.opensearch.action.get.GetAction;
import org.opensearch.action.get.GetRequest;
import org.opensearch.action.get.GetResponse;
import org.opensearch.cluster.ClusterChangedEvent;
import org.opensearch.cluster.ClusterStateListener;
import org.opensearch.common.cache.Cache;
import org.opensearch.common.cache.CacheBuilder;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.MemorySizeValue;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.unit.ByteSizeValue;
import org.opensearch.core.index.Index;

/** Compiled models and feature sets, loaded once for all shards of the node and kept up to a weight and for a time. */
final class ModelCache implements ClusterStateListener {
    /** For each of the two caches. */
    static final Setting<ByteSizeValue> MAX_MEM =
            new Setting<>("ltr.caches.max_mem", "10%", ModelCache::parseMemory, Property.NodeScope, Property.Dynamic);

    static final Setting<TimeValue> EXPIRE_AFTER_WRITE = expiry("ltr.caches.expire_after_write");
    static final Setting<TimeValue> EXPIRE_AFTER_READ = expiry("ltr.caches.expire_after_read");

    private final StoreClient client;
    private final Map<ElementType, Cache<ElementKey, Cached>> caches = new EnumMap<>(ElementType.class);
    private final Map<ElementKey, CompletableFuture<CompiledModel>> loads = new ConcurrentHashMap<>();

    ModelCache(StoreClient client, Settings settings) {
        this.client = client;
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

    /** A value that knows its store, so that counting need not look it up: a look-up counts as use. */
    private record Cached(String index, CompiledModel model) {}

    private static Cache<ElementKey, Cached> newCache(Settings settings) {
        CacheBuilder<ElementKey, Cached> builder = CacheBuilder.<ElementKey, Cached>builder()
                .setMaximumWeight(MAX_MEM.get(settings).getBytes())
                .weigher((key, cached) -> cached.model.ramBytesUsed());
        TimeValue write = EXPIRE_AFTER_WRITE.get(settings);
        TimeValue read = EXPIRE_AFTER_READ.get(settings);
        if (write.nanos() > 0) {
            builder.setExpireAfterWrite(write);
        }
        if (read.nanos() > 0) {
            builder.setExpireAfterAccess(read);
        }
        return builder.build();
    }

    private void resize(ByteSizeValue max) {
        for (Cache<ElementKey, Cached> cache : caches.values()) {
            cache.setMaximumWeight(max.getBytes());
            cache.refresh();
        }
    }

    /** The compiled model, from the cache or on its way from the store. */
    CompletableFuture<CompiledModel> load(ElementKey key) {
        CompletableFuture<CompiledModel> mine = new CompletableFuture<>();
        CompletableFuture<CompiledModel> others = loads.putIfAbsent(key, mine);
        if (others != null) {
            return others;
        }
        // Looked up only now: a load that has just ended was put into the cache before it left the table.
        Cached cached = caches.get(key.type()).get(key);
        if (cached != null) {
            loads.remove(key, mine);
            mine.complete(cached.model);
            return mine;
        }
        ActionListener<GetResponse> found = ActionListener.wrap(
                document -> client.threadPool().generic().execute(() -> finish(key, mine, document)),
                failure -> fail(key, mine, failure));
        try {
            client.execute(GetAction.INSTANCE, new GetRequest(key.index(), key.documentId()), found);
        } catch (RuntimeException e) {
            fail(key, mine, e);
        }
        return mine;
    }

    private void finish(ElementKey key, CompletableFuture<CompiledModel> load, GetResponse document) {
        try {
            CompiledModel model = compile(key, document);
            // A load that was forgotten by clear() still serves those who wait for it, but is not kept.
            if (loads.get(key) == load) {
                caches.get(key.type()).put(key, new Cached(key.index(), model));
            }
            loads.remove(key, load);
            load.complete(model);
        } catch (Exception e) {
            fail(key, load, e);
        } catch (Error e) {
            fail(key, load, e); // or those who wait would wait for ever
            throw e;
        }
    }

    private void fail(ElementKey key, CompletableFuture<CompiledModel> load, Throwable failure) {
        loads.remove(key, load);
        load.completeExceptionally(failure);
    }

    private static CompiledModel compile(ElementKey key, GetResponse document) throws IOException {
        if (document.isExists() == false) {
            throw new ResourceNotFoundException("Unknown " + key);
        }
        return switch (Element.fromDocument(key.type(), document.getSourceAsBytesRef())) {
            case Model model -> CompiledModel.of(model);
            case FeatureSet set -> CompiledModel.of(set);
            case Feature feature -> throw new IllegalArgumentException("a feature alone does not score");
        };
    }

    void clear(String index) {
        loads.keySet().removeIf(key -> key.index().equals(index));
        for (Cache<ElementKey, Cached> cache : caches.values()) {
            for (ElementKey key : cache.keys()) {
                if (key.index().equals(index)) {
                    cache.invalidate(key);
                }
            }
        }
    }

    void clear(ElementKey key) {
        loads.remove(key);
        if (caches.containsKey(key.type())) {
            caches.get(key.type()).invalidate(key);
        }
    }

    @Override
    public void clusterChanged(ClusterChangedEvent event) {
        for (Index index : event.indicesDeleted()) {
            clear(index.getName());
        }
    }

    /** What the caches of this node hold, by store index. */
    Map<String, CacheUsage> usage() {
        Map<String, CacheUsage> usage = new HashMap<>();
        caches.forEach((type, cache) -> {
            for (Cached cached : cache.values()) {
                usage.computeIfAbsent(cached.index, index -> new CacheUsage())
                        .add(type, 1, cached.model.ramBytesUsed());
            }
        });
        return usage;
    }
}
