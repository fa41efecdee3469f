package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import org.opensearch.ExceptionsHelper;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.common.Nullable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.engine.VersionConflictEngineException;

/**
 * One addition of features to a set, made safe against others at the same time: the set is written only if it still is
 * what was read, else read again. A conflict means that somebody else came through, so tries are bounded by the number
 * of writers.
 */
record FeatureSetUpdate(
        ElementStore elements,
        ElementValidator check,
        ElementKey set,
        boolean merge,
        @Nullable String routing,
        @Nullable Validation validation) {
    private static final int MAX_TRIES = 100;

    void run(List<Feature> features, ActionListener<IndexResponse> listener) {
        attempt(features, MAX_TRIES, listener);
    }

    private void attempt(List<Feature> features, int tries, ActionListener<IndexResponse> listener) {
        ActionListener<IndexResponse> written = ActionListener.wrap(listener::onResponse, failure -> {
            if (tries > 1 && ExceptionsHelper.unwrapCause(failure) instanceof VersionConflictEngineException) {
                attempt(features, tries - 1, listener);
            } else {
                listener.onFailure(failure);
            }
        });
        elements.get(set, routing, ElementStore.then(listener, current -> {
            FeatureSet grown = read(current).with(features, merge);
            IndexRequest write = ElementStore.write(set.index(), grown, routing);
            if (current.isExists()) {
                write.setIfSeqNo(current.getSeqNo()).setIfPrimaryTerm(current.getPrimaryTerm());
            } else {
                write.opType(OpType.CREATE);
            }
            check.check(grown, validation, listener, () -> elements.put(write, grown, written));
        }));
    }

    private FeatureSet read(GetResponse current) throws IOException {
        return current.isExists()
                ? (FeatureSet) Element.fromDocument(ElementType.FEATURESET, current.getSourceAsBytesRef())
                : new FeatureSet(set.name(), List.of());
    }
}
