package org.ltrplugin.engine;

import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.common.Nullable;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.transport.TransportRequest;

import java.io.IOException;

/** Asks every node for the usage of its caches, after clearing part of them. */
final class CachesRequest extends BaseNodesRequest<CachesRequest> {
    final Clear clear;

    /**
     * What to clear.
     *
     * @param index a store index, or null for nothing
     * @param type the type of one element in it, or null for all elements
     */
    record Clear(@Nullable String index, @Nullable ElementType type, @Nullable String name)
            implements Writeable {
        static final Clear NOTHING = new Clear(null, null, null);

        Clear(StreamInput in) throws IOException {
            this(
                    in.readOptionalString(),
                    in.readBoolean() ? in.readEnum(ElementType.class) : null,
                    in.readOptionalString());
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            out.writeOptionalString(index);
            out.writeBoolean(type != null);
            if (type != null) {
                out.writeEnum(type);
            }
            out.writeOptionalString(name);
        }

        void apply(ModelCache cache) {
            if (type != null) {
                cache.clear(new ModelKey(index, type, name));
            } else if (index != null) {
                cache.clear(index);
            }
        }
    }

    CachesRequest(Clear clear) {
        super(new String[0]);
        this.clear = clear;
    }

    CachesRequest(StreamInput in) throws IOException {
        super(in);
        clear = new Clear(in);
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        super.writeTo(out);
        clear.writeTo(out);
    }

    /** The request as one node gets it. */
    static final class OfNode extends TransportRequest {
        final Clear clear;

        OfNode(CachesRequest request) {
            clear = request.clear;
        }

        OfNode(StreamInput in) throws IOException {
            super(in);
            clear = new Clear(in);
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            super.writeTo(out);
            clear.writeTo(out);
        }
    }
}
