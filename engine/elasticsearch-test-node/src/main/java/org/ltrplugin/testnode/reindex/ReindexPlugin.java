package org.ltrplugin.testnode.reindex;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.index.reindex.ReindexAction;
import org.elasticsearch.index.reindex.UpdateByQueryAction;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.tasks.Task;

/**
 * {@code _update_by_query}, {@code _delete_by_query} and {@code _reindex} within the cluster, in one slice. The requests
 * and the answers are the server's own classes.
 */
public final class ReindexPlugin extends Plugin implements ActionPlugin {
    @Override
    public Collection<ActionHandler> getActions() {
        return List.of(
            new ActionHandler(UpdateByQueryAction.INSTANCE, TransportUpdateByQueryAction.class),
            new ActionHandler(DeleteByQueryAction.INSTANCE, TransportDeleteByQueryAction.class),
            new ActionHandler(ReindexAction.INSTANCE, TransportReindexAction.class)
        );
    }

    @Override
    public List<NamedWriteableRegistry.Entry> getNamedWriteables() {
        return List.of(new NamedWriteableRegistry.Entry(
            Task.Status.class, BulkByPaginatedSearchTask.Status.NAME, BulkByPaginatedSearchTask.Status::new
        ));
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services,
        Supplier<DiscoveryNodes> nodes,
        Predicate<NodeFeature> clusterHas
    ) {
        return List.of(
            new RestUpdateByQueryAction(clusterHas),
            new RestDeleteByQueryAction(clusterHas),
            new RestReindexAction(clusterHas)
        );
    }
}
