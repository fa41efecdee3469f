package org.ltrplugin.testnode.mustache;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.ElasticsearchException;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.core.AbstractRefCounted;
import org.elasticsearch.core.RefCounted;
import org.elasticsearch.transport.LeakTracker;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;

/** The answers of several searches by template, in their order. */
final class MultiSearchTemplateResponse extends ActionResponse implements ToXContentObject {
    /** One of the two is null. */
    record Item(SearchTemplateResponse response, Exception failure) {}

    private final RefCounted references = LeakTracker.wrap(AbstractRefCounted.of(this::release));
    private final List<Item> items;
    private long tookMillis;

    MultiSearchTemplateResponse(List<Item> items) {
        this.items = items;
    }

    void tookMillis(long millis) {
        tookMillis = millis;
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject().field("took", tookMillis).startArray("responses");
        for (Item item : items) {
            builder.startObject();
            if (item.failure == null) {
                item.response.fieldsToXContent(builder, params);
                builder.field("status", item.response.status().getStatus());
            } else {
                ElasticsearchException.generateFailureXContent(builder, params, item.failure, true);
                builder.field("status", ExceptionsHelper.status(item.failure).getStatus());
            }
            builder.endObject();
        }
        return builder.endArray().endObject();
    }

    @Override
    public void writeTo(StreamOutput out) {
        throw new UnsupportedOperationException("the node asked answers itself");
    }

    private void release() {
        for (Item item : items) {
            if (item.response != null) {
                item.response.decRef();
            }
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
