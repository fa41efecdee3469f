package org.ltrplugin.engine;

import org.opensearch.action.ActionRunnable;
import org.opensearch.common.CheckedRunnable;
import org.opensearch.common.lease.Releasable;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.MemorySizeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.ThreadPool;

/**
 * Reads and compiles elements one at a time, so that their memory does not add up, and reserves this memory in a circuit
 * breaker. The thread pool and the breaker are in the statistics of the node under the name {@code ltr}.
 */
final class CompilerThread {
    private static final String NAME = "ltr";
    private static final int MAX_QUEUED = 1_000;
    private static final String BREAKER_LIMIT = "60%";

    /** Heap bytes for a byte of a request body, on top of it: the growing copy of a structure, and its text. */
    private static final int PARSED_BYTES = 4;

    /** Heap bytes for a character of a stored element, on top of the document: its text, and what it compiles to. */
    private static final int COMPILED_BYTES = 2;

    private final ThreadPool threadPool;
    private final CircuitBreaker breaker;

    CompilerThread(ThreadPool threadPool, CircuitBreaker breaker) {
        this.threadPool = threadPool;
        this.breaker = breaker;
    }

    static ExecutorBuilder<?> executor(Settings settings) {
        return NodeApi.oneThread(settings, NAME, MAX_QUEUED);
    }

    static BreakerSettings breaker(Settings settings) {
        long limit = MemorySizeValue.parseBytesSizeValueOrHeapRatio(BREAKER_LIMIT, NAME)
                .getBytes();
        return BreakerSettings.updateFromSettings(
                new BreakerSettings(NAME, limit, 1, CircuitBreaker.Type.MEMORY, CircuitBreaker.Durability.TRANSIENT),
                settings);
    }

    /** Runs the action when those before it have ended. The listener gets its failure, also when the queue is full. */
    void run(ActionListener<?> listener, CheckedRunnable<Exception> action) {
        threadPool.executor(NAME).execute(ActionRunnable.wrap(listener, ignored -> action.run()));
    }

    /** Reserves the memory to parse a request body until it is released. Throws like {@link #reserveCompiling}. */
    Releasable reserveParsing(String label, long bytes) {
        return reserve(label, PARSED_BYTES * bytes);
    }

    /**
     * Reserves the memory to compile a text until it is released. Throws CircuitBreakingException, which is status 429,
     * when the node does not have it.
     */
    Releasable reserveCompiling(String label, long chars) {
        return reserve(label, COMPILED_BYTES * chars);
    }

    private Releasable reserve(String label, long bytes) {
        breaker.addEstimateBytesAndMaybeBreak(bytes, label);
        return () -> breaker.addWithoutBreaking(-bytes);
    }
}
