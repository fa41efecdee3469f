package org.ltrplugin.engine;

import org.opensearch.action.ActionType;

/** Clears and counts the caches of all nodes. */
final class CachesAction extends ActionType<CachesResponse> {
    static final CachesAction INSTANCE = new CachesAction();

    private CachesAction() {
        super("cluster:admin/ltr/caches", CachesResponse::new);
    }
}
