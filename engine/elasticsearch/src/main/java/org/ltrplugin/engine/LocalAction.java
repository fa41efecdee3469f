package org.ltrplugin.engine;

import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.TransportAction;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.transport.TransportService;

/** Base class of actions that only the node that gets the request runs. */
abstract class LocalAction<Request extends ActionRequest, Response extends ActionResponse>
        extends TransportAction<Request, Response> {
    LocalAction(String name, TransportService transport, ActionFilters filters) {
        super(name, filters, transport.getTaskManager(), EsExecutors.DIRECT_EXECUTOR_SERVICE);
    }
}
