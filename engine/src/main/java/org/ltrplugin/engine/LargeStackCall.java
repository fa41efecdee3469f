package org.ltrplugin.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs recursive code of others on a stack that our limits on its input cannot exhaust. */
final class LargeStackCall {
    /** Reserved, not used up: pages are only taken when the recursion reaches them. */
    private static final long STACK_BYTES = 64L << 20;

    private LargeStackCall() {}

    /** The result of the call; what it throws, as the cause of an ExecutionException. */
    static <T> T call(Callable<T> callable) throws ExecutionException {
        FutureTask<T> task = new FutureTask<>(callable);
        new Thread(null, task, "ltr-compile", STACK_BYTES).start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the call is short: finish it and pass the interruption on
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
