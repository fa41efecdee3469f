package org.ltrplugin.testnode.reindex;

import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequestValidationException;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.bulk.BulkItemResponse;
import org.elasticsearch.action.support.ActiveShardCount;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.reindex.AbstractBulkByPaginatedSearchRequest;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchResponse;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.PaginatedSearchFailure;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestBuilderListener;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;

/** What the three handlers share: the options of the URL, the search of the body, and the answer. */
abstract class RestBulkAction<R extends AbstractBulkByPaginatedSearchRequest<R>> extends BaseRestHandler {
    private final ActionType<BulkByPaginatedSearchResponse> action;
    private final boolean showsCreated;
    private final boolean showsUpdated;
    final Predicate<NodeFeature> clusterHas;

    /** Answers show the numbers of created and of updated documents where there can be any. */
    RestBulkAction(
        ActionType<BulkByPaginatedSearchResponse> action,
        boolean showsCreated,
        boolean showsUpdated,
        Predicate<NodeFeature> clusterHas
    ) {
        this.action = action;
        this.showsCreated = showsCreated;
        this.showsUpdated = showsUpdated;
        this.clusterHas = clusterHas;
    }

    /** The request of this body, without the options that all have. */
    abstract R parse(RestRequest request) throws IOException;

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        R bulk = parse(request);
        setOptions(request, bulk);
        if (request.paramAsBoolean("wait_for_completion", true)) {
            return channel -> client.executeLocally(action, bulk, new Answer(channel));
        }
        bulk.setShouldStoreResult(true);
        ActionRequestValidationException wrong = bulk.validate();
        if (wrong != null) {
            throw wrong;
        }
        Task task = client.executeLocally(action, bulk, ActionListener.noop());
        return channel -> {
            try (XContentBuilder builder = channel.newBuilder()) {
                builder.startObject().field("task", client.getLocalNodeId() + ":" + task.getId()).endObject();
                channel.sendResponse(new RestResponse(RestStatus.OK, builder));
            }
        };
    }

    private void setOptions(RestRequest request, R bulk) {
        bulk.setRefresh(request.paramAsBoolean("refresh", bulk.isRefresh()));
        bulk.setTimeout(request.paramAsTime("timeout", bulk.getTimeout()));
        request.param("slices"); // one slice does it in a test
        if (request.hasParam("wait_for_active_shards")) {
            bulk.setWaitForActiveShards(ActiveShardCount.parseString(request.param("wait_for_active_shards")));
        }
        if (request.hasParam("requests_per_second")) {
            float wanted = Float.parseFloat(request.param("requests_per_second"));
            bulk.setRequestsPerSecond(wanted == -1 ? Float.POSITIVE_INFINITY : wanted);
        }
        if (request.hasParam("max_docs")) {
            bulk.setMaxDocs(request.paramAsInt("max_docs", -1));
        }
    }

    /** Reads the search that documents are taken from; {@code others} take what a search does not have. */
    void parseSearch(RestRequest request, R bulk, Map<String, Consumer<Object>> others) throws IOException {
        try (XContentParser search = request.hasContentOrSourceParam() ? without(request, others) : null) {
            RestSearchAction.parseSearchRequest(bulk.getSearchRequest(), request, search, clusterHas, bulk::setMaxDocs);
        }
        var source = bulk.getSearchRequest().source();
        source.size(request.paramAsInt("scroll_size", source.size()));
        if (request.hasParam("conflicts")) {
            bulk.setConflicts(request.param("conflicts"));
        }
        if (request.hasParam("search_timeout")) {
            source.timeout(request.paramAsTime("search_timeout", null));
        }
    }

    private static XContentParser without(RestRequest request, Map<String, Consumer<Object>> others) throws IOException {
        try (
            XContentParser parser = request.contentOrSourceParamParser();
            XContentBuilder builder = XContentBuilder.builder(parser.contentType().xContent())
        ) {
            Map<String, Object> body = parser.map();
            others.forEach((name, take) -> {
                Object value = body.remove(name);
                if (value != null) {
                    take.accept(value);
                }
            });
            XContentParserConfiguration parsing = XContentParserConfiguration.EMPTY
                .withRegistry(parser.getXContentRegistry())
                .withDeprecationHandler(parser.getDeprecationHandler());
            return parser.contentType().xContent()
                .createParser(parsing, BytesReference.toBytes(BytesReference.bytes(builder.map(body))));
        }
    }

    private final class Answer extends RestBuilderListener<BulkByPaginatedSearchResponse> {
        Answer(RestChannel channel) {
            super(channel);
        }

        @Override
        public RestResponse buildResponse(BulkByPaginatedSearchResponse response, XContentBuilder builder) throws Exception {
            Map<String, String> shown = Map.of(
                BulkByPaginatedSearchTask.Status.INCLUDE_CREATED, Boolean.toString(showsCreated),
                BulkByPaginatedSearchTask.Status.INCLUDE_UPDATED, Boolean.toString(showsUpdated)
            );
            builder.startObject();
            response.toXContent(builder, new ToXContent.DelegatingMapParams(shown, channel.request()));
            return new RestResponse(status(response), builder.endObject());
        }

        /** The highest status: it says most to who asked. */
        private RestStatus status(BulkByPaginatedSearchResponse response) {
            RestStatus highest = response.isTimedOut() ? RestStatus.REQUEST_TIMEOUT : RestStatus.OK;
            for (BulkItemResponse.Failure failure : response.getBulkFailures()) {
                highest = failure.getStatus().getStatus() > highest.getStatus() ? failure.getStatus() : highest;
            }
            for (PaginatedSearchFailure failure : response.getSearchFailures()) {
                highest = failure.getStatus().getStatus() > highest.getStatus() ? failure.getStatus() : highest;
            }
            return highest;
        }
    }
}
