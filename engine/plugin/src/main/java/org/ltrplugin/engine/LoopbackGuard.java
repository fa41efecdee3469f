package org.ltrplugin.engine;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.core.rest.RestStatus;

/**
 * Refuses requests that a web page sends to a node on loopback: their {@code Host} (DNS rebinding) or their {@code
 * Origin} (cross-site request) is not a name of this machine's loopback interface.
 */
final class LoopbackGuard {
    /** For nodes without users and passwords. The development node sets it. */
    static final Setting<Boolean> ENABLED = Setting.boolSetting("ltr.http.loopback_only", false, Property.NodeScope);

    /** The headers, with the prefix that comes before the name of the host. */
    static final Map<String, String> HEADERS = Map.of("Host", "", "Origin", "^https?://");

    private static final Set<String> NAMES = Set.of("127.0.0.1", "localhost", "[::1]");

    private LoopbackGuard() {}

    /**
     * Throws an exception of status 403 when a request comes from a web page.
     *
     * @param headers returns the values of a header of the request; null when there is none
     */
    static void check(Function<String, List<String>> headers) {
        HEADERS.forEach((header, prefix) -> {
            List<String> values = headers.apply(header);
            for (String value : values == null ? List.<String>of() : values) {
                if (isLoopback(value.replaceFirst(prefix, "")) == false) {
                    throw new OpenSearchStatusException(
                            "the {} [{}] is refused: this node serves only {}, without a proxy or a web page in between",
                            RestStatus.FORBIDDEN,
                            header,
                            value,
                            "http://127.0.0.1 and http://localhost");
                }
            }
        });
    }

    static boolean isLoopback(String authority) {
        return NAMES.contains(authority.toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", ""));
    }
}
