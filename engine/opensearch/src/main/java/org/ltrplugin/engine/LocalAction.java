package org.ltrplugin.engine;

import org.opensearch.action.ActionRequest;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.TransportAction;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.transport.TransportService;

/** Base class of actions that only the node that gets the request runs. */
abstract class LocalAction<Request extends ActionRequest, Response extends ActionResponse>
        extends TransportAction<Request, Response> {
    LocalAction(String name, TransportService transport, ActionFilters filters) {
        super(name, filters, transport.getTaskManager());
    }
}
