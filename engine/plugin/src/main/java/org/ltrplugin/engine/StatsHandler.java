package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.opensearch.cluster.health.ClusterHealthStatus;
import org.opensearch.core.common.Strings;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.rest.RestResponse;
import org.opensearch.rest.action.RestActionListener;
import org.opensearch.rest.action.RestActions;
import org.opensearch.rest.action.RestBuilderListener;
import org.opensearch.transport.client.node.NodeClient;

/** Returns the statistics of the stores, the caches and the sltr queries. */
abstract class StatsHandler extends BaseRestHandler {
    private static final List<String> STATS =
            List.of("stores", "status", "cache", "request_total_count", "request_error_count");
    private static final String ALL = "_all";

    private final StoreClient client;
    private final StoreList stores;
    private final HeapBreaker breaker;

    StatsHandler(StoreClient client, HeapBreaker breaker) {
        this.client = client;
        this.stores = new StoreList(client);
        this.breaker = breaker;
    }

    @Override
    public final String getName() {
        return "ltr_stats";
    }

    @Override
    protected final RestChannelConsumer prepareRequest(RestRequest request, NodeClient caller) {
        Set<String> wanted = wanted(request.paramAsStringArray("stat", new String[] {ALL}));
        String[] nodeIds = Strings.splitStringByCommaToArray(request.param("nodeId", ""));
        CachesRequest nodes =
                new CachesRequest(CacheTarget.NOTHING, nodeIds).withTimeout(request.paramAsTime("timeout", null));
        RestChannelConsumer respond = channel -> stores.count(new RestActionListener<>(channel) {
            @Override
            protected void processResponse(Map<String, Map<String, Long>> counts) {
                client.execute(TransportCachesAction.TYPE, nodes, new RestBuilderListener<>(channel) {
                    @Override
                    public RestResponse buildResponse(CachesResponse response, XContentBuilder builder)
                            throws IOException {
                        write(builder, channel.request(), wanted, counts, response);
                        return new BytesRestResponse(RestStatus.OK, builder);
                    }
                });
            }
        });
        return LtrRestHandler.withPermission(PermissionAction.Kind.STATS, caller, respond);
    }

    private static Set<String> wanted(String[] names) {
        Set<String> wanted = new TreeSet<>(List.of(names));
        if (wanted.remove(ALL) || wanted.isEmpty()) {
            wanted.addAll(STATS);
        }
        for (String name : wanted) {
            if (STATS.contains(name) == false) {
                throw new IllegalArgumentException(
                        "unknown statistic [" + name + "]: known are " + STATS + " and [" + ALL + "]");
            }
        }
        return wanted;
    }

    private void write(
            XContentBuilder builder,
            RestRequest request,
            Set<String> wanted,
            Map<String, Map<String, Long>> counts,
            CachesResponse nodes)
            throws IOException {
        Map<String, ClusterHealthStatus> health = stores.health();
        builder.startObject();
        RestActions.buildNodesHeader(builder, request, nodes);
        builder.field("cluster_name", nodes.getClusterName().value());
        if (wanted.contains("stores")) {
            builder.startObject("stores");
            for (Map.Entry<String, ClusterHealthStatus> store : health.entrySet()) {
                Map<String, Long> byType = counts.getOrDefault(store.getKey(), Map.of());
                builder.startObject(store.getKey()).field("status", name(store.getValue()));
                for (ElementType type : ElementType.values()) {
                    builder.field(type.key + "_count", byType.getOrDefault(type.key, 0L));
                }
                builder.endObject();
            }
            builder.endObject();
        }
        if (wanted.contains("status")) {
            builder.field("status", name(status(health)));
        }
        builder.startObject("nodes");
        for (CachesResponse.NodeResponse node : nodes.getNodes()) {
            builder.startObject(node.getNode().getId());
            write(builder, wanted, node.stats());
            builder.endObject();
        }
        builder.endObject().endObject();
    }

    /** The worst health of a store; red when the node refuses to store elements. */
    private ClusterHealthStatus status(Map<String, ClusterHealthStatus> health) {
        return breaker.isOpen()
                ? ClusterHealthStatus.RED
                : health.values().stream().max(Comparator.naturalOrder()).orElse(ClusterHealthStatus.GREEN);
    }

    private static String name(ClusterHealthStatus status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    private static void write(XContentBuilder builder, Set<String> wanted, NodeStats stats) throws IOException {
        if (wanted.contains("cache")) {
            builder.startObject("cache");
            for (ElementType type : ElementType.values()) {
                builder.field(type.key, stats.cache(type));
            }
            builder.endObject();
        }
        if (wanted.contains("request_total_count")) {
            builder.field("request_total_count", stats.requests());
        }
        if (wanted.contains("request_error_count")) {
            builder.field("request_error_count", stats.errors());
        }
    }
}
