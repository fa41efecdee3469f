package org.ltrplugin.engine;

import org.opensearch.ExceptionsHelper;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.common.Nullable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.engine.VersionConflictEngineException;

import java.io.IOException;
import java.util.List;

/**
 * One addition of features to a set, made safe against others at the same time: the set is written
 * only if it still is what was read, else read again. A conflict means that somebody else came
 * through, so tries are bounded by the number of writers.
 */
record FeatureAddition(
        ElementStore elements,
        ElementCheck check,
        String index,
        String name,
        boolean merge,
        @Nullable String routing,
        @Nullable Validation validation) {
    private static final int MAX_TRIES = 100;

    void run(List<Feature> features, ActionListener<IndexResponse> listener) {
        attempt(features, 1, listener);
    }

    private void attempt(
            List<Feature> features, int tries, ActionListener<IndexResponse> listener) {
        elements.get(
                index,
                ElementType.FEATURESET,
                name,
                routing,
                ActionListener.wrap(
                        current -> {
                            FeatureSet grown = read(current).with(features, merge);
                            IndexRequest write = ElementStore.write(index, grown, routing);
                            if (current.isExists()) {
                                write.setIfSeqNo(current.getSeqNo())
                                        .setIfPrimaryTerm(current.getPrimaryTerm());
                            } else {
                                write.opType(OpType.CREATE);
                            }
                            ActionListener<IndexResponse> written =
                                    ActionListener.wrap(
                                            listener::onResponse,
                                            failure -> {
                                                if (tries < MAX_TRIES
                                                        && ExceptionsHelper.unwrapCause(failure)
                                                                instanceof
                                                                VersionConflictEngineException) {
                                                    attempt(features, tries + 1, listener);
                                                } else {
                                                    listener.onFailure(failure);
                                                }
                                            });
                            check.check(
                                    grown,
                                    validation,
                                    ActionListener.wrap(
                                            passed -> elements.put(write, grown, written),
                                            listener::onFailure));
                        },
                        listener::onFailure));
    }

    private FeatureSet read(GetResponse current) throws IOException {
        return current.isExists()
                ? (FeatureSet)
                        ElementStore.read(ElementType.FEATURESET, current.getSourceAsBytesRef())
                : new FeatureSet(name, List.of());
    }
}
