package org.ltrplugin.testnode.root;

import java.io.IOException;
import org.apache.lucene.util.Version;
import org.elasticsearch.Build;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequestValidationException;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.UntypedActionRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.TransportAction;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.node.Node;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;

/** What {@code GET /} answers; an action of its real name, so that roles hold for it. It runs on the node asked only. */
public final class RootAction extends TransportAction<RootAction.Request, RootAction.Response> {
    static final ActionType<Response> TYPE = new ActionType<>("cluster:monitor/main");

    private final ClusterService clusterService;

    @Inject
    public RootAction(TransportService transport, ActionFilters filters, ClusterService clusterService) {
        super(TYPE.name(), filters, transport.getTaskManager(), EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.clusterService = clusterService;
    }

    @Override
    protected void doExecute(Task task, Request request, ActionListener<Response> listener) {
        ActionListener.respondAndRelease(listener, new Response(
            Node.NODE_NAME_SETTING.get(clusterService.getSettings()),
            clusterService.getClusterName().value(),
            clusterService.state().metadata().clusterUUID()
        ));
    }

    static final class Request extends UntypedActionRequest {
        @Override
        public ActionRequestValidationException validate() {
            return null;
        }
    }

    static final class Response extends ActionResponse implements ToXContentObject {
        private final String node;
        private final String cluster;
        private final String uuid;

        Response(String node, String cluster, String uuid) {
            this.node = node;
            this.cluster = cluster;
            this.uuid = uuid;
        }

        @Override
        public void writeTo(StreamOutput out) {
            throw new UnsupportedOperationException("the node asked answers itself");
        }

        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
            Build build = Build.current();
            builder.startObject().field("name", node).field("cluster_name", cluster).field("cluster_uuid", uuid);
            builder.startObject("version");
            builder.field("number", build.qualifiedVersion()).field("build_flavor", build.flavor());
            builder.field("build_type", build.type().displayName()).field("build_hash", build.hash());
            builder.field("build_date", build.date()).field("build_snapshot", build.isSnapshot());
            builder.field("lucene_version", Version.LATEST.toString());
            builder.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
            builder.field("minimum_index_compatibility_version", build.minIndexCompatVersion());
            return builder.endObject().field("tagline", "You Know, for Search").endObject();
        }
    }
}
