package org.ltrplugin.engine;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.rest.RestHandler;
import org.opensearch.rest.RestRequest;

/**
 * Refuses requests that a web page sends to a node on loopback: their {@code Host} (DNS rebinding) or their {@code
 * Origin} (cross-site request) is not a name of this machine's loopback interface.
 */
final class LoopbackGuard {
    /** For nodes without users and passwords. The development node sets it. */
    static final Setting<Boolean> ENABLED = Setting.boolSetting("ltr.http.loopback_only", false, Property.NodeScope);

    private static final Set<String> NAMES = Set.of("127.0.0.1", "localhost", "[::1]");

    private LoopbackGuard() {}

    /** A handler that passes on only requests of this machine's own programs. */
    static RestHandler wrap(RestHandler handler) {
        return (request, channel, client) -> {
            check(request, "Host", "");
            check(request, "Origin", "^https?://");
            handler.handleRequest(request, channel, client);
        };
    }

    private static void check(RestRequest request, String header, String prefix) {
        for (String value : request.getHeaders().getOrDefault(header, List.of())) {
            if (isLoopback(value.replaceFirst(prefix, "")) == false) {
                throw new OpenSearchStatusException(
                        "the {} [{}] is refused: this node serves only {}, without a proxy or a web page in between",
                        RestStatus.FORBIDDEN,
                        header,
                        value,
                        "http://127.0.0.1 and http://localhost");
            }
        }
    }

    static boolean isLoopback(String authority) {
        return NAMES.contains(authority.toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", ""));
    }
}
