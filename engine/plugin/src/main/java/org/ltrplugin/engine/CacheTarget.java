package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * What to clear from the caches of a node: an element, all elements of a store, or nothing.
 *
 * @param index the index of the store
 */
record CacheTarget(@Nullable String index, @Nullable ElementKey element) implements Writeable {
    static final CacheTarget NOTHING = new CacheTarget(null, null);

    static CacheTarget store(String index) {
        return new CacheTarget(index, null);
    }

    static CacheTarget element(ElementKey element) {
        return new CacheTarget(element.index(), element);
    }

    static CacheTarget read(StreamInput in) throws IOException {
        String index = in.readOptionalString();
        return in.readBoolean()
                ? element(new ElementKey(index, in.readEnum(ElementType.class), in.readString()))
                : new CacheTarget(index, null);
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeOptionalString(index);
        out.writeBoolean(element != null);
        if (element != null) {
            out.writeEnum(element.type());
            out.writeString(element.name());
        }
    }

    void clearFrom(ModelCache cache) {
        if (element != null) {
            cache.clear(element);
        } else if (index != null) {
            cache.clear(index);
        }
    }
}
