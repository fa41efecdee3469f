package org.ltrplugin.engine;

import org.elasticsearch.common.logging.internal.LoggerFactoryImpl;
import org.elasticsearch.logging.internal.spi.LoggerFactory;
import org.junit.jupiter.api.extension.Extension;

/** Does what a node does first: without a factory of loggers, many classes of Elasticsearch cannot be loaded. */
public final class NodeLogging implements Extension {
    static {
        LoggerFactory.setInstance(new LoggerFactoryImpl());
    }
}
