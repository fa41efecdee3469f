package org.ltrplugin.engine;

import java.util.Map;
import org.opensearch.ExceptionsHelper;
import org.opensearch.action.ActionRunnable;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.CheckedRunnable;
import org.opensearch.common.lease.Releasable;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.transport.client.Client;

/** Validates an element before it is stored: the element must compile, and the search that its validation requests, if
 * any, must succeed. */
final class ElementValidator {
    private static final int SEARCH_SIZE = 20;
    private static final int TERMINATE_AFTER = 1_000;

    private final Client client;
    private final CompilerThread compiler;

    /** @param client runs the validation search as the caller, who needs the permission to search the index */
    ElementValidator(Client client, CompilerThread compiler) {
        this.client = client;
        this.compiler = compiler;
    }

    /**
     * Runs {@code onValid} on another thread when the element is valid. Otherwise fails the listener with an
     * IllegalArgumentException; after a failed search, its cause is the reason.
     */
    void validate(
            Element element,
            @Nullable Validation validation,
            ActionListener<?> listener,
            CheckedRunnable<Exception> onValid) {
        ActionListener<Void> compiled = ElementStore.delegateFailure(listener, ok -> {
            if (validation == null) {
                onValid.run();
            } else {
                runSearch(element, validation, listener, onValid);
            }
        });
        compiler.run(compiled, () -> {
            reserveAndCompile(element);
            client.threadPool().generic().execute(ActionRunnable.run(compiled, () -> {}));
        });
    }

    @SuppressWarnings("try") // the reservation is only closed
    private void reserveAndCompile(Element element) {
        String label = element.type().key + " [" + element.name() + "]";
        try (Releasable reserved = compiler.reserveCompiling(label, element.chars())) {
            compile(element);
        }
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

    private void runSearch(
            Element element, Validation validation, ActionListener<?> listener, CheckedRunnable<Exception> onValid) {
        SearchSourceBuilder source = new SearchSourceBuilder()
                .query(new ValidatingQueryBuilder(new ElementBody(element, validation)))
                .size(SEARCH_SIZE)
                .terminateAfter(TERMINATE_AFTER);
        ActionListener<SearchResponse> searched = ActionListener.wrap(
                response -> {
                    if (response.getFailedShards() > 0) {
                        listener.onFailure(validationFailed(firstFailure(response)));
                    } else {
                        onValid.run();
                    }
                },
                failure -> listener.onFailure(validationFailed(failure)));
        client.search(new SearchRequest(validation.index()).source(source), searched);
    }

    private static Throwable firstFailure(SearchResponse response) {
        return response.getShardFailures().length == 0
                ? new IllegalStateException(response.getFailedShards() + " shards failed")
                : ExceptionsHelper.unwrapCause(response.getShardFailures()[0].getCause());
    }

    private static IllegalArgumentException validationFailed(Throwable cause) {
        return new IllegalArgumentException("Cannot store element, validation failed.", cause);
    }
}
