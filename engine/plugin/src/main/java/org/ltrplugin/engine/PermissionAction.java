package org.ltrplugin.engine;

import org.opensearch.action.ActionRequest;
import org.opensearch.action.ActionRequestValidationException;
import org.opensearch.action.ActionType;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.clustermanager.AcknowledgedResponse;
import org.opensearch.common.CheckedRunnable;
import org.opensearch.common.inject.Inject;
import org.opensearch.core.action.ActionListener;
import org.opensearch.tasks.Task;
import org.opensearch.transport.TransportService;
import org.opensearch.transport.client.Client;

/**
 * An action that does nothing: a security module lets only those users run it whose role has its name. Each request of
 * the HTTP interface runs the action of its kind as the caller, and then accesses the store as the plugin, so roles need
 * no right on the indices of stores. The names are those of the OpenSearch Learning to Rank plugin.
 */
abstract class PermissionAction extends LocalAction<PermissionAction.Request, AcknowledgedResponse> {
    private static final String PREFIX = "cluster:admin/ltr/";

    private PermissionAction(Kind kind, TransportService transport, ActionFilters filters) {
        super(kind.type.name(), transport, filters);
    }

    /** What the caller wants to do. */
    enum Kind {
        /** Create and delete stores; write and delete elements. */
        WRITE("featurestore/data", Write.class),
        /** List stores; read and list elements. */
        READ("featurestore/list", Read.class),
        ADD_FEATURES("store/add-features-to-set", AddFeatures.class),
        CREATE_MODEL("store/create-model-from-set", CreateModel.class),
        CACHE_STATS("caches/stats", CacheStats.class),
        STATS("stats", Stats.class);

        private final ActionType<AcknowledgedResponse> type;
        private final Class<? extends PermissionAction> implementation;

        Kind(String name, Class<? extends PermissionAction> implementation) {
            this.type = NodeApi.acknowledgedAction(PREFIX + name);
            this.implementation = implementation;
        }

        ActionType<AcknowledgedResponse> type() {
            return type;
        }

        Class<? extends PermissionAction> implementation() {
            return implementation;
        }

        /** Runs the next step if the caller has the permission; a failure, also of that step, goes to the listener. */
        void require(Client caller, ActionListener<?> listener, CheckedRunnable<Exception> next) {
            caller.execute(
                    type, new Request(), ElementStore.delegateFailure(listener, allowed -> next.run()));
        }
    }

    static final class Request extends ActionRequest {
        @Override
        public ActionRequestValidationException validate() {
            return null;
        }
    }

    @Override
    protected void doExecute(Task task, Request request, ActionListener<AcknowledgedResponse> listener) {
        listener.onResponse(new AcknowledgedResponse(true));
    }

    /** {@link Kind#WRITE}. Public because the node's injector creates it. */
    public static final class Write extends PermissionAction {
        @Inject
        public Write(TransportService transport, ActionFilters filters) {
            super(Kind.WRITE, transport, filters);
        }
    }

    /** {@link Kind#READ}. Public because the node's injector creates it. */
    public static final class Read extends PermissionAction {
        @Inject
        public Read(TransportService transport, ActionFilters filters) {
            super(Kind.READ, transport, filters);
        }
    }

    /** {@link Kind#ADD_FEATURES}. Public because the node's injector creates it. */
    public static final class AddFeatures extends PermissionAction {
        @Inject
        public AddFeatures(TransportService transport, ActionFilters filters) {
            super(Kind.ADD_FEATURES, transport, filters);
        }
    }

    /** {@link Kind#CREATE_MODEL}. Public because the node's injector creates it. */
    public static final class CreateModel extends PermissionAction {
        @Inject
        public CreateModel(TransportService transport, ActionFilters filters) {
            super(Kind.CREATE_MODEL, transport, filters);
        }
    }

    /** {@link Kind#CACHE_STATS}. Public because the node's injector creates it. */
    public static final class CacheStats extends PermissionAction {
        @Inject
        public CacheStats(TransportService transport, ActionFilters filters) {
            super(Kind.CACHE_STATS, transport, filters);
        }
    }

    /** {@link Kind#STATS}. Public because the node's injector creates it. */
    public static final class Stats extends PermissionAction {
        @Inject
        public Stats(TransportService transport, ActionFilters filters) {
            super(Kind.STATS, transport, filters);
        }
    }
}
