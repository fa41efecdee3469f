package org.ltrplugin.engine;

import org.opensearch.OpenSearchException;

/** The memory breaker is open. Its name is the type of the error in responses. */
final class LimitExceededException extends OpenSearchException {
    LimitExceededException(String message) {
        super(message);
    }
}
