package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opensearch.core.rest.RestStatus;

final class HeapBreakerTests {
    private static final long HEAP = Runtime.getRuntime().maxMemory();

    @Test
    void elementsAreRefusedWhileTheHeapIsNearlyFull() {
        HeapBreaker breaker = new HeapBreaker(true, () -> HEAP / 100 * 86);
        LimitExceededException refused = assertThrows(LimitExceededException.class, breaker::check);
        assertEquals(RestStatus.INTERNAL_SERVER_ERROR, refused.status());
        breaker.enable(false);
        assertDoesNotThrow(breaker::check);
    }

    @Test
    void elementsAreStoredBelowTheLimit() {
        assertFalse(new HeapBreaker(true, () -> HEAP / 100 * 84).isOpen());
        assertFalse(new HeapBreaker(true).isOpen());
    }
}
