package org.ltrplugin.engine;

import org.elasticsearch.action.support.nodes.BaseNodesRequest;
import org.elasticsearch.core.TimeValue;

/** Clears the caches of nodes, if there is something to clear, and returns their usage. */
final class CachesRequest extends BaseNodesRequest {
    private final CacheTarget target;

    /** @param nodes ids or names; all nodes when there are none */
    CachesRequest(CacheTarget target, String... nodes) {
        super(nodes);
        this.target = target;
    }

    CacheTarget target() {
        return target;
    }

    /** Null waits for each node without a limit. */
    CachesRequest withTimeout(@Nullable TimeValue timeout) {
        setTimeout(timeout);
        return this;
    }
}
