package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.ExceptionsHelper;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.engine.VersionConflictEngineException;

/**
 * Adds features to a set with optimistic concurrency control: when another request has changed the set between read and
 * write, it reads the set again and retries. Each conflict means that another request succeeded, so the number of
 * concurrent requests bounds the number of attempts.
 */
record FeatureSetUpdate(
        ElementStore elements,
        ElementValidator validator,
        ElementKey set,
        boolean merge,
        @Nullable String routing,
        @Nullable Validation validation) {
    private static final int MAX_ATTEMPTS = 100;

    void run(List<Feature> features, ActionListener<IndexResponse> listener) {
        attempt(features, MAX_ATTEMPTS, listener);
    }

    private void attempt(List<Feature> features, int attempts, ActionListener<IndexResponse> listener) {
        ActionListener<IndexResponse> written = ActionListener.wrap(listener::onResponse, failure -> {
            if (attempts > 1 && ExceptionsHelper.unwrapCause(failure) instanceof VersionConflictEngineException) {
                attempt(features, attempts - 1, listener);
            } else {
                listener.onFailure(failure);
            }
        });
        elements.get(set, routing, ElementStore.delegateFailure(listener, current -> {
            FeatureSet updated = parse(current).with(features, merge);
            IndexRequest request = ElementStore.indexRequest(set.index(), updated, routing);
            if (current.isExists()) {
                request.setIfSeqNo(current.getSeqNo()).setIfPrimaryTerm(current.getPrimaryTerm());
            } else {
                request.opType(OpType.CREATE);
            }
            validator.validate(updated, validation, listener, () -> elements.put(request, updated, written));
        }));
    }

    private FeatureSet parse(GetResponse current) throws IOException {
        return current.isExists()
                ? (FeatureSet) Element.fromDocument(ElementType.FEATURESET, current.getSourceAsBytesRef())
                : new FeatureSet(set.name(), List.of());
    }
}
