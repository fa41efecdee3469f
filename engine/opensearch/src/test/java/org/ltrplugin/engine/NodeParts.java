package org.ltrplugin.engine;

import java.util.List;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.indices.breaker.HierarchyCircuitBreakerService;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.support.AbstractClient;

/** Parts of a node for unit tests. */
final class NodeParts {
    private NodeParts() {}

    /** A client without a node. */
    abstract static class TestClient extends AbstractClient {
        TestClient(ThreadPool threadPool) {
            super(Settings.EMPTY, threadPool);
        }

        @Override
        public void close() {}
    }

    static ThreadPool threadPool(Settings settings, ExecutorBuilder<?> executor) {
        return new ThreadPool(settings, executor);
    }

    static ClusterService clusterService(Settings settings, ClusterSettings known, ThreadPool threadPool) {
        return new ClusterService(settings, known, threadPool);
    }

    static CircuitBreaker breaker(BreakerSettings breaker) {
        ClusterSettings known = new ClusterSettings(Settings.EMPTY, ClusterSettings.BUILT_IN_CLUSTER_SETTINGS);
        return new HierarchyCircuitBreakerService(Settings.EMPTY, List.of(breaker), known)
                .getBreaker(breaker.getName());
    }
}
