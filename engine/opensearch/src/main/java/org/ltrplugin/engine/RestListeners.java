package org.ltrplugin.engine;

import org.opensearch.action.delete.DeleteResponse;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.action.RestStatusToXContentListener;
import org.opensearch.rest.action.RestToXContentListener;

/** Listeners that send the responses of the node's own actions, with their status. */
final class RestListeners {
    private RestListeners() {}

    /** Sends the response to a write, with the location of the document. */
    static ActionListener<IndexResponse> written(RestChannel channel, @Nullable String routing) {
        return new RestStatusToXContentListener<>(channel, response -> response.getLocation(routing));
    }

    static ActionListener<DeleteResponse> deleted(RestChannel channel) {
        return new RestStatusToXContentListener<>(channel);
    }

    static ActionListener<SearchResponse> found(RestChannel channel) {
        return new RestStatusToXContentListener<>(channel);
    }

    /** Sends a document; status 404 when there is none. */
    static ActionListener<GetResponse> document(RestChannel channel) {
        return new RestToXContentListener<>(channel) {
            @Override
            protected RestStatus getStatus(GetResponse response) {
                return response.isExists() ? RestStatus.OK : RestStatus.NOT_FOUND;
            }
        };
    }
}
