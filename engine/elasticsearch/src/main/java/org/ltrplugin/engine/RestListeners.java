package org.ltrplugin.engine;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.DocWriteResponse;
import org.elasticsearch.action.get.GetResponse;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestRefCountedChunkedToXContentListener;
import org.elasticsearch.rest.action.RestToXContentListener;

/** Listeners that send the responses of the node's own actions, with their status. */
final class RestListeners {
    private RestListeners() {}

    /** Sends the response to a write, with the location of the document. */
    static ActionListener<DocWriteResponse> written(RestChannel channel, @Nullable String routing) {
        return new RestToXContentListener<>(
                channel, DocWriteResponse::status, response -> response.getLocation(routing));
    }

    static ActionListener<DocWriteResponse> deleted(RestChannel channel) {
        return new RestToXContentListener<>(channel, DocWriteResponse::status);
    }

    static ActionListener<SearchResponse> found(RestChannel channel) {
        return new RestRefCountedChunkedToXContentListener<>(channel);
    }

    /** Sends a document; status 404 when there is none. */
    static ActionListener<GetResponse> document(RestChannel channel) {
        return new RestToXContentListener<>(
                channel, response -> response.isExists() ? RestStatus.OK : RestStatus.NOT_FOUND);
    }
}
