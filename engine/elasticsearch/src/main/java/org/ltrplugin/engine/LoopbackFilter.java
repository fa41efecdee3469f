package org.ltrplugin.engine;

import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.support.ActionFilter;
import org.elasticsearch.common.util.concurrent.ThreadContext;

/**
 * Refuses the actions of requests that {@link LoopbackGuard} refuses. A plugin cannot wrap the node's own REST handlers,
 * so the headers of a request go with its actions.
 */
final class LoopbackFilter extends ActionFilter.Simple {
    private volatile ThreadContext context;

    void setContext(ThreadContext threadContext) {
        context = threadContext;
    }

    @Override
    public int order() {
        return Integer.MIN_VALUE;
    }

    @Override
    protected boolean apply(String action, ActionRequest request, ActionListener<?> listener) {
        LoopbackGuard.check(header -> {
            String values = context.getHeader(header);
            return values == null ? List.of() : List.of(values.split(","));
        });
        return true;
    }
}
