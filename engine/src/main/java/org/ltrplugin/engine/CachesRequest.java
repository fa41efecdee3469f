package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.common.Nullable;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.transport.TransportRequest;

/** Clears a store or an element from the caches of each node, if one is given, and returns the usage of the caches. */
final class CachesRequest extends BaseNodesRequest<CachesRequest> {
    @Nullable
    private final String index;

    @Nullable
    private final ElementKey element;

    private CachesRequest(@Nullable String index, @Nullable ElementKey element, String... nodes) {
        super(nodes);
        this.index = index;
        this.element = element;
    }

    /** The usage on these nodes; on all nodes when there are none. */
    static CachesRequest usage(String... nodes) {
        return new CachesRequest(null, null, nodes);
    }

    static CachesRequest clear(String index) {
        return new CachesRequest(index, null);
    }

    static CachesRequest clear(ElementKey element) {
        return new CachesRequest(element.index(), element);
    }

    CachesRequest(StreamInput in) throws IOException {
        super(in);
        index = in.readOptionalString();
        element = in.readBoolean() ? new ElementKey(index, in.readEnum(ElementType.class), in.readString()) : null;
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        super.writeTo(out);
        out.writeOptionalString(index);
        out.writeBoolean(element != null);
        if (element != null) {
            out.writeEnum(element.type());
            out.writeString(element.name());
        }
    }

    private void clearFrom(ModelCache cache) {
        if (element != null) {
            cache.clear(element);
        } else if (index != null) {
            cache.clear(index);
        }
    }

    /** The request to one node. */
    static final class NodeRequest extends TransportRequest {
        private final CachesRequest request;

        NodeRequest(CachesRequest request) {
            this.request = request;
        }

        NodeRequest(StreamInput in) throws IOException {
            super(in);
            request = new CachesRequest(in);
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            super.writeTo(out);
            request.writeTo(out);
        }

        void clearFrom(ModelCache cache) {
            request.clearFrom(cache);
        }
    }
}
