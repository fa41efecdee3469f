package org.ltrplugin.engine;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/** The number and the heap bytes of the cached elements of each type. Mutable. */
final class CacheUsage implements Writeable, ToXContentObject {
    private final Map<ElementType, TypeUsage> usages = new EnumMap<>(ElementType.class);

    private record TypeUsage(long bytes, long count) {
        TypeUsage plus(TypeUsage other) {
            return new TypeUsage(bytes + other.bytes, count + other.count);
        }
    }

    CacheUsage() {}

    CacheUsage(StreamInput in) throws IOException {
        usages.putAll(in.readMap(i -> i.readEnum(ElementType.class), i -> new TypeUsage(i.readVLong(), i.readVLong())));
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeMap(usages, StreamOutput::writeEnum, (o, usage) -> {
            o.writeVLong(usage.bytes);
            o.writeVLong(usage.count);
        });
    }

    void add(ElementType type, long count, long bytes) {
        usages.merge(type, new TypeUsage(bytes, count), TypeUsage::plus);
    }

    void add(CacheUsage other) {
        other.usages.forEach((type, usage) -> add(type, usage.count, usage.bytes));
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject();
        write(builder, "total", usages.values().stream().reduce(new TypeUsage(0, 0), TypeUsage::plus));
        for (ElementType type : ElementType.values()) {
            write(builder, type.key + "s", usages.getOrDefault(type, new TypeUsage(0, 0)));
        }
        return builder.endObject();
    }

    private static void write(XContentBuilder builder, String name, TypeUsage usage) throws IOException {
        builder.startObject(name)
                .field("ram", usage.bytes)
                .field("count", usage.count)
                .endObject();
    }
}
