package org.ltrplugin.engine;

import java.util.List;
import java.util.Set;
import org.elasticsearch.client.internal.support.AbstractClient;
import org.elasticsearch.cluster.project.DefaultProjectResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.breaker.CircuitBreaker;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.indices.breaker.BreakerSettings;
import org.elasticsearch.indices.breaker.CircuitBreakerMetrics;
import org.elasticsearch.indices.breaker.HierarchyCircuitBreakerService;
import org.elasticsearch.tasks.TaskManager;
import org.elasticsearch.telemetry.metric.MeterRegistry;
import org.elasticsearch.threadpool.DefaultBuiltInExecutorBuilders;
import org.elasticsearch.threadpool.ExecutorBuilder;
import org.elasticsearch.threadpool.ThreadPool;

/** Parts of a node for unit tests. */
final class NodeParts {
    private NodeParts() {}

    /** A client without a node. */
    abstract static class TestClient extends AbstractClient {
        TestClient(ThreadPool threadPool) {
            super(Settings.EMPTY, threadPool, DefaultProjectResolver.INSTANCE);
        }
    }

    static ThreadPool threadPool(Settings settings, ExecutorBuilder<?> executor) {
        return new ThreadPool(settings, MeterRegistry.NOOP, new DefaultBuiltInExecutorBuilders(), executor);
    }

    static ClusterService clusterService(Settings settings, ClusterSettings known, ThreadPool threadPool) {
        return new ClusterService(settings, known, threadPool, new TaskManager(settings, threadPool, Set.of()));
    }

    static CircuitBreaker breaker(BreakerSettings breaker) {
        ClusterSettings known = new ClusterSettings(Settings.EMPTY, ClusterSettings.BUILT_IN_CLUSTER_SETTINGS);
        return new HierarchyCircuitBreakerService(
                        CircuitBreakerMetrics.NOOP, Settings.EMPTY, List.of(breaker), known)
                .getBreaker(breaker.getName());
    }
}
