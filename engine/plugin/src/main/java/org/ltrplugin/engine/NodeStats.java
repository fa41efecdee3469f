package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Map;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/** The statistics of one node since its start: its caches, by the type of their elements, and its sltr queries. */
record NodeStats(Map<ElementType, CacheStats> caches, long requests, long errors) implements Writeable {
    private static final CacheStats EMPTY = new CacheStats(0, 0, 0, 0, 0);

    record CacheStats(long hits, long misses, long evictions, long entries, long bytes)
            implements Writeable, ToXContentObject {
        static CacheStats of(WeightedCache.Stats stats) {
            return new CacheStats(stats.hits(), stats.misses(), stats.evictions(), stats.entries(), stats.weight());
        }

        CacheStats(StreamInput in) throws IOException {
            this(in.readVLong(), in.readVLong(), in.readVLong(), in.readVLong(), in.readVLong());
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            out.writeVLong(hits);
            out.writeVLong(misses);
            out.writeVLong(evictions);
            out.writeVLong(entries);
            out.writeVLong(bytes);
        }

        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
            return builder.startObject()
                    .field("hit_count", hits)
                    .field("miss_count", misses)
                    .field("eviction_count", evictions)
                    .field("entry_count", entries)
                    .field("memory_usage_in_bytes", bytes)
                    .endObject();
        }
    }

    NodeStats(StreamInput in) throws IOException {
        this(in.readMap(i -> i.readEnum(ElementType.class), CacheStats::new), in.readVLong(), in.readVLong());
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeMap(caches, StreamOutput::writeEnum, (o, stats) -> stats.writeTo(o));
        out.writeVLong(requests);
        out.writeVLong(errors);
    }

    CacheStats cache(ElementType type) {
        return caches.getOrDefault(type, EMPTY);
    }
}
