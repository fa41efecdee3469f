package org.ltrplugin.engine;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/** How many elements of each type are cached, and how many bytes they take. A sum to add to. */
final class CacheUsage implements Writeable, ToXContentObject {
    private final Map<ElementType, Part> parts = new EnumMap<>(ElementType.class);

    private record Part(long bytes, long count) {
        Part plus(Part other) {
            return new Part(bytes + other.bytes, count + other.count);
        }
    }

    CacheUsage() {}

    CacheUsage(StreamInput in) throws IOException {
        parts.putAll(in.readMap(i -> i.readEnum(ElementType.class), i -> new Part(i.readVLong(), i.readVLong())));
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeMap(parts, StreamOutput::writeEnum, (o, part) -> {
            o.writeVLong(part.bytes);
            o.writeVLong(part.count);
        });
    }

    void add(ElementType type, long count, long bytes) {
        parts.merge(type, new Part(bytes, count), Part::plus);
    }

    void add(CacheUsage other) {
        other.parts.forEach((type, part) -> add(type, part.count, part.bytes));
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject();
        write(builder, "total", parts.values().stream().reduce(new Part(0, 0), Part::plus));
        for (ElementType type : ElementType.values()) {
            write(builder, type.key + "s", parts.getOrDefault(type, new Part(0, 0)));
        }
        return builder.endObject();
    }

    private static void write(XContentBuilder builder, String name, Part part) throws IOException {
        builder.startObject(name)
                .field("ram", part.bytes)
                .field("count", part.count)
                .endObject();
    }
}
