package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightedCacheTests {
    private static final int AFTER_WRITE = 100;
    private static final int AFTER_READ = 30;

    private long now;
    private final WeightedCache<String, Long> cache =
            new WeightedCache<>(10, weight -> weight, AFTER_WRITE, AFTER_READ, () -> now);

    @Test
    void whatWasUsedLeastRecentlyIsEvicted() {
        cache.put("a", 4L);
        cache.put("b", 4L);
        assertEquals(4, cache.get("a"));
        cache.put("c", 4L);
        assertEquals(Map.of("a", 4L, "c", 4L), cache.snapshot());
        assertNull(cache.get("b"));
        assertEquals(new WeightedCache.Stats(1, 1, 1, 2, 8), cache.stats());
    }

    @Test
    void aValueHeavierThanTheLimitIsNotKeptAndEvictsNoOthers() {
        cache.put("a", 4L);
        cache.put("b", 11L);
        assertEquals(Map.of("a", 4L), cache.snapshot());
        assertEquals(new WeightedCache.Stats(0, 0, 1, 1, 4), cache.stats());
    }

    @Test
    void aReplacedValueNoLongerCounts() {
        cache.put("a", 9L);
        cache.put("a", 2L);
        cache.put("b", 8L);
        assertEquals(new WeightedCache.Stats(0, 0, 0, 2, 10), cache.stats());
    }

    @Test
    void aSmallerLimitEvicts() {
        cache.put("a", 4L);
        cache.put("b", 4L);
        cache.setMaxWeight(5);
        assertEquals(Map.of("b", 4L), cache.snapshot());
        cache.setMaxWeight(20);
        cache.put("c", 15L);
        assertEquals(19, cache.stats().weight());
    }

    @Test
    void valuesExpireAfterWriteAndAfterRead() {
        cache.put("read", 1L);
        cache.put("idle", 1L);
        for (int i = 0; i < 4; i++) {
            now += 25;
            assertEquals(1, cache.get("read"));
        }
        assertEquals(new WeightedCache.Stats(4, 0, 1, 1, 1), cache.stats());
        now += 1;
        assertNull(cache.get("read"));
        assertEquals(0, cache.stats().entries());
    }

    @Test
    void entriesAreRemovedByKey() {
        cache.put("a1", 1L);
        cache.put("a2", 2L);
        cache.put("b", 3L);
        cache.removeIf(key -> key.startsWith("a"));
        cache.remove("missing");
        assertEquals(new WeightedCache.Stats(0, 0, 0, 1, 3), cache.stats());
    }
}
