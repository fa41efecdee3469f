package org.ltrplugin.engine;

import java.io.IOException;
import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;

/** Clears the caches of nodes, if there is something to clear, and returns their usage. */
final class CachesRequest extends BaseNodesRequest<CachesRequest> {
    private final CacheTarget target;

    /** @param nodes ids or names; all nodes when there are none */
    CachesRequest(CacheTarget target, String... nodes) {
        super(nodes);
        this.target = target;
    }

    CachesRequest(StreamInput in) throws IOException {
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

    /** Null waits for each node without a limit. */
    CachesRequest withTimeout(@Nullable TimeValue timeout) {
        return timeout(timeout);
    }
}
