package org.ltrplugin.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoopbackGuardTests {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.0.0.1:9200", "localhost:9200", "[::1]:9200", "LOCALHOST"})
    void namesOfThisMachineAreServed(String authority) {
        assertTrue(LoopbackGuard.isLoopback(authority));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "evil.example:9200",
                "localhost.evil.example",
                "127.0.0.1.evil.example:80",
                "a@localhost"
            })
    void otherNamesAreRefused(String authority) {
        assertFalse(LoopbackGuard.isLoopback(authority));
    }
}
