package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.nodes.BaseNodeResponse;
import org.opensearch.action.support.nodes.BaseNodesResponse;
import org.opensearch.cluster.ClusterName;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.ToXContentFragment;
import org.opensearch.core.xcontent.XContentBuilder;

/** The usage of the caches: in total, by store and by node. */
final class CachesResponse extends BaseNodesResponse<CachesResponse.NodeResponse> implements ToXContentFragment {
    CachesResponse(ClusterName cluster, List<NodeResponse> nodes, List<FailedNodeException> failures) {
        super(cluster, nodes, failures);
    }

    CachesResponse(StreamInput in) throws IOException {
        super(in);
    }

    @Override
    protected List<NodeResponse> readNodesFrom(StreamInput in) throws IOException {
        return in.readList(NodeResponse::new);
    }

    @Override
    protected void writeNodesTo(StreamOutput out, List<NodeResponse> nodes) throws IOException {
        out.writeList(nodes);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        CacheUsage all = new CacheUsage();
        Map<String, CacheUsage> stores = new TreeMap<>();
        for (NodeResponse node : getNodes()) {
            all.add(node.total());
            node.stores.forEach((store, usage) ->
                    stores.computeIfAbsent(store, key -> new CacheUsage()).add(usage));
        }
        builder.field("all", all).startObject("stores");
        for (Map.Entry<String, CacheUsage> store : stores.entrySet()) {
            builder.field(store.getKey(), store.getValue());
        }
        builder.endObject().startObject("nodes");
        for (NodeResponse node : getNodes()) {
            builder.startObject(node.getNode().getId());
            builder.field("name", node.getNode().getName())
                    .field("hostname", node.getNode().getHostName());
            builder.field("stats", node.total()).endObject();
        }
        return builder.endObject();
    }

    /** The usage on one node, by store index, and the node's statistics. */
    static final class NodeResponse extends BaseNodeResponse {
        private final Map<String, CacheUsage> stores;
        private final NodeStats stats;

        NodeResponse(DiscoveryNode node, Map<String, CacheUsage> stores, NodeStats stats) {
            super(node);
            this.stores = stores;
            this.stats = stats;
        }

        NodeResponse(StreamInput in) throws IOException {
            super(in);
            stores = in.readMap(StreamInput::readString, CacheUsage::new);
            stats = new NodeStats(in);
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            super.writeTo(out);
            out.writeMap(stores, StreamOutput::writeString, (o, usage) -> usage.writeTo(o));
            stats.writeTo(out);
        }

        NodeStats stats() {
            return stats;
        }

        private CacheUsage total() {
            CacheUsage total = new CacheUsage();
            stores.values().forEach(total::add);
            return total;
        }
    }
}
