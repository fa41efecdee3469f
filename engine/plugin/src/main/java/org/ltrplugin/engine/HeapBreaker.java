package org.ltrplugin.engine;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.util.function.LongSupplier;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;

/**
 * Refuses to store elements while the heap is nearly full of live objects. Reads and searches go on. Garbage does not
 * count: an idle node does not collect it, and would refuse every element.
 */
final class HeapBreaker {
    static final Setting<Boolean> ENABLED =
            Setting.boolSetting("ltr.breaker.enabled", true, Property.NodeScope, Property.Dynamic);

    private static final int MAX_HEAP_PERCENT = 85;

    private final LongSupplier usedBytes;
    private volatile boolean enabled;

    HeapBreaker(boolean enabled) {
        this(enabled, HeapBreaker::usedAfterCollection);
    }

    HeapBreaker(boolean enabled, LongSupplier usedBytes) {
        this.enabled = enabled;
        this.usedBytes = usedBytes;
    }

    private static long usedAfterCollection() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .mapToLong(pool -> pool.getCollectionUsage().getUsed())
                .sum();
    }

    void enable(boolean value) {
        enabled = value;
    }

    boolean isOpen() {
        return enabled
                && 100 * usedBytes.getAsLong()
                        > MAX_HEAP_PERCENT * Runtime.getRuntime().maxMemory();
    }

    /** Throws LimitExceededException when the breaker is open. */
    void check() {
        if (isOpen()) {
            throw new LimitExceededException("more than " + MAX_HEAP_PERCENT
                    + " % of the heap is in use after a garbage collection: try again later, give the node more"
                    + " memory, or set ["
                    + ENABLED.getKey() + "] to false");
        }
    }
}
