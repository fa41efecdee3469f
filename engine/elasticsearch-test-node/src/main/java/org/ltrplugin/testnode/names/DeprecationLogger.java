package org.ltrplugin.testnode.names;

import org.elasticsearch.common.logging.DeprecationCategory;

/** OpenSearch's class of this name, over Elasticsearch's. */
public final class DeprecationLogger {
    private final org.elasticsearch.common.logging.DeprecationLogger logger;

    private DeprecationLogger(Class<?> owner) {
        logger = org.elasticsearch.common.logging.DeprecationLogger.getLogger(owner);
    }

    public static DeprecationLogger getLogger(Class<?> owner) {
        return new DeprecationLogger(owner);
    }

    public void deprecate(String key, String message, Object... params) {
        logger.warn(DeprecationCategory.OTHER, key, message, params);
    }
}
