package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.transport.TransportRequest;

/** The part of a {@link CachesRequest} for one node. */
final class CachesNodeRequest extends TransportRequest {
    private final CacheTarget target;

    CachesNodeRequest(CacheTarget target) {
        this.target = target;
    }

    CachesNodeRequest(StreamInput in) throws IOException {
        super(in);
        target = CacheTarget.read(in);
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        super.writeTo(out);
        target.writeTo(out);
    }

    CacheTarget target() {
        return target;
    }
}
