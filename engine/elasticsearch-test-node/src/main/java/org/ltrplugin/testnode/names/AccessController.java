package org.ltrplugin.testnode.names;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** OpenSearch's class of this name, which runs what it is given: Elasticsearch has entitlements instead. */
public final class AccessController {
    private AccessController() {}

    public static void doPrivileged(Runnable action) {
        action.run();
    }

    public static <T> T doPrivileged(Supplier<T> action) {
        return action.get();
    }

    public static <T> T doPrivilegedChecked(Callable<T> action) throws Exception {
        return action.call();
    }
}
