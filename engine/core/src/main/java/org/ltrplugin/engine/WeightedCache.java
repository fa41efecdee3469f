package org.ltrplugin.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * A cache with a limit on the sum of the weights of its values, which can change, and with a limit on their age. It
 * evicts the values that were used least recently. Thread-safe.
 */
final class WeightedCache<K, V> {
    /** Counts since the cache was created, and its present size. Evictions include expired values. */
    record Stats(long hits, long misses, long evictions, long entries, long weight) {}

    private static final class Entry<V> {
        private final V value;
        private final long weight;
        private final long written;
        private long read;

        Entry(V value, long weight, long now) {
            this.value = value;
            this.weight = weight;
            this.written = now;
            this.read = now;
        }
    }

    private final ToLongFunction<V> weigher;
    private final long maxNanosAfterWrite;
    private final long maxNanosAfterRead;
    private final LongSupplier clock;

    /** In the order of their last use. */
    private final Map<K, Entry<V>> entries = new LinkedHashMap<>(16, 0.75f, true);

    private long maxWeight;
    private long weight;
    private long hits;
    private long misses;
    private long evictions;

    /**
     * @param maxNanosAfterWrite the age after which a value expires; 0 for no limit
     * @param maxNanosAfterRead the time without use after which a value expires; 0 for no limit
     * @param clock the time in nanoseconds, like System::nanoTime
     */
    WeightedCache(
            long maxWeight,
            ToLongFunction<V> weigher,
            long maxNanosAfterWrite,
            long maxNanosAfterRead,
            LongSupplier clock) {
        this.maxWeight = maxWeight;
        this.weigher = weigher;
        this.maxNanosAfterWrite = maxNanosAfterWrite;
        this.maxNanosAfterRead = maxNanosAfterRead;
        this.clock = clock;
    }

    @Nullable
    synchronized V get(K key) {
        long now = clock.getAsLong();
        Entry<V> entry = entries.get(key);
        if (entry != null && isExpired(entry, now)) {
            remove(key);
            evictions++;
            entry = null;
        }
        if (entry == null) {
            misses++;
            return null;
        }
        hits++;
        entry.read = now;
        return entry.value;
    }

    /** A value that is heavier than the limit is not kept, and evicts no others. */
    synchronized void put(K key, V value) {
        remove(key);
        Entry<V> entry = new Entry<>(value, weigher.applyAsLong(value), clock.getAsLong());
        if (entry.weight > maxWeight) {
            evictions++;
            return;
        }
        entries.put(key, entry);
        weight += entry.weight;
        evict();
    }

    synchronized void setMaxWeight(long max) {
        maxWeight = max;
        evict();
    }

    synchronized void removeIf(Predicate<K> condition) {
        for (K key : List.copyOf(entries.keySet())) {
            if (condition.test(key)) {
                remove(key);
            }
        }
    }

    synchronized void remove(K key) {
        Entry<V> removed = entries.remove(key);
        if (removed != null) {
            weight -= removed.weight;
        }
    }

    /** The keys and values that have not expired. Listing them does not count as a use. */
    synchronized Map<K, V> snapshot() {
        evict();
        Map<K, V> values = new LinkedHashMap<>();
        entries.forEach((key, entry) -> values.put(key, entry.value));
        return values;
    }

    synchronized Stats stats() {
        evict();
        return new Stats(hits, misses, evictions, entries.size(), weight);
    }

    /** Removes what has expired, then what exceeds the limit. */
    private void evict() {
        long now = clock.getAsLong();
        List<K> evicted = new ArrayList<>();
        entries.forEach((key, entry) -> {
            if (isExpired(entry, now)) {
                evicted.add(key);
            }
        });
        evicted.forEach(this::remove);
        evictions += evicted.size();
        Iterator<Entry<V>> oldest = entries.values().iterator();
        while (weight > maxWeight && oldest.hasNext()) {
            weight -= oldest.next().weight;
            oldest.remove();
            evictions++;
        }
    }

    private boolean isExpired(Entry<V> entry, long now) {
        return (maxNanosAfterWrite > 0 && now - entry.written > maxNanosAfterWrite)
                || (maxNanosAfterRead > 0 && now - entry.read > maxNanosAfterRead);
    }
}
