package org.ltrplugin.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs recursive code of a library on a stack so large that input within {@link Limits} does not overflow it. */
final class LargeStackCall {
    /** Address space that is reserved. The operating system allocates pages only when the recursion reaches them. */
    private static final long STACK_BYTES = 64L << 20;

    private LargeStackCall() {}

    /** Returns the result of the call. Throws ExecutionException, with the cause, when the call throws. */
    static <T> T call(Callable<T> callable) throws ExecutionException {
        FutureTask<T> task = new FutureTask<>(callable);
        new Thread(null, task, "ltr-compile", STACK_BYTES).start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the call is short: wait for it, then restore the interrupt
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
