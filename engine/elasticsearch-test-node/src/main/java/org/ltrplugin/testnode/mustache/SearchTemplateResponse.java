package org.ltrplugin.testnode.mustache;

import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.core.AbstractRefCounted;
import org.elasticsearch.core.RefCounted;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.LeakTracker;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentType;

/** The answer of a search by template, or the rendered template. It keeps the search's answer until it is released. */
final class SearchTemplateResponse extends ActionResponse implements ToXContentObject {
    private final RefCounted references = LeakTracker.wrap(AbstractRefCounted.of(this::release));
    private BytesReference source;
    private SearchResponse response;

    void setSource(BytesReference source) {
        this.source = source;
    }

    void setResponse(SearchResponse response) {
        response.incRef();
        this.response = response;
    }

    RestStatus status() {
        return response == null ? RestStatus.OK : response.status();
    }

    /** Writes the fields of the answer into an object that is open. */
    void fieldsToXContent(XContentBuilder builder, Params params) throws IOException {
        if (response == null) {
            try (InputStream rendered = source.streamInput()) {
                builder.rawField("template_output", rendered, XContentType.JSON);
            }
            return;
        }
        for (Iterator<? extends ToXContent> parts = response.innerToXContentChunked(params); parts.hasNext();) {
            parts.next().toXContent(builder, params);
        }
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject();
        fieldsToXContent(builder, params);
        return builder.endObject();
    }

    @Override
    public void writeTo(StreamOutput out) {
        throw new UnsupportedOperationException("the node asked answers itself");
    }

    private void release() {
        if (response != null) {
            response.decRef();
        }
    }

    @Override
    public void incRef() {
        references.incRef();
    }

    @Override
    public boolean tryIncRef() {
        return references.tryIncRef();
    }

    @Override
    public boolean decRef() {
        return references.decRef();
    }

    @Override
    public boolean hasReferences() {
        return references.hasReferences();
    }
}
