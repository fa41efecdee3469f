package org.ltrplugin.engine;

import java.util.Map;
import org.opensearch.ExceptionsHelper;
import org.opensearch.action.ActionRunnable;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.CheckedRunnable;
import org.opensearch.common.Nullable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.transport.client.Client;

/** What an element must pass before it is stored: it compiles, and the trial run that was asked for succeeds. */
final class ElementValidator {
    private static final int TRIAL_SIZE = 20;
    private static final int TRIAL_DOCUMENTS = 1_000;

    private final Client client;

    /** The client runs trials as the caller, who must be allowed to search the index. */
    ElementValidator(Client client) {
        this.client = client;
    }

    /**
     * Goes on with what follows, away from the threads that serve requests, or fails the listener with an
     * IllegalArgumentException that has the reason as its cause.
     */
    void check(
            Element element,
            @Nullable Validation validation,
            ActionListener<?> listener,
            CheckedRunnable<Exception> passed) {
        ActionListener<Void> compiled = ElementStore.then(listener, ok -> {
            if (validation == null) {
                passed.run();
            } else {
                tryOut(element, validation, listener, passed);
            }
        });
        client.threadPool().generic().execute(ActionRunnable.run(compiled, () -> compile(element)));
    }

    private static void compile(Element element) {
        switch (element) {
            case Feature feature -> CompiledFeature.of(feature);
            case FeatureSet set -> {
                Map<String, Integer> ordinals = set.ordinals();
                for (CompiledFeature feature : CompiledModel.of(set).features()) {
                    if (feature instanceof DerivedFeature derived) {
                        derived.checkVariables(ordinals);
                    }
                }
            }
            case Model model -> CompiledModel.of(model);
        }
    }

    private void tryOut(
            Element element, Validation validation, ActionListener<?> listener, CheckedRunnable<Exception> passed) {
        SearchSourceBuilder source = new SearchSourceBuilder()
                .query(new ValidatingQueryBuilder(new ElementBody(element, validation)))
                .size(TRIAL_SIZE)
                .terminateAfter(TRIAL_DOCUMENTS);
        ActionListener<SearchResponse> tried = ActionListener.wrap(
                response -> {
                    if (response.getFailedShards() > 0) {
                        listener.onFailure(failed(firstFailure(response)));
                    } else {
                        passed.run();
                    }
                },
                failure -> listener.onFailure(failed(failure)));
        client.search(new SearchRequest(validation.index()).source(source), tried);
    }

    private static Throwable firstFailure(SearchResponse response) {
        return response.getShardFailures().length == 0
                ? new IllegalStateException(response.getFailedShards() + " shards failed")
                : ExceptionsHelper.unwrapCause(response.getShardFailures()[0].getCause());
    }

    private static IllegalArgumentException failed(Throwable cause) {
        return new IllegalArgumentException("Cannot store element, validation failed.", cause);
    }
}
