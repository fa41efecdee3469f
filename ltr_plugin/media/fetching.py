"""Media over http(s), within limits of size and time, and never from a private network unless allowed.

What may pass by itself (a busy or failing server, a time-out, a connection that breaks, a host that cannot be looked
up) is tried again within the time limit, and is a MediaUnavailableError then. What stays as it is, such as 404, or an
address that is refused, is a MediaError at once.

A catalog is untrusted: a URL in it may point to a service that only this machine can reach. So the host is looked up
here, its address is checked, and the connection goes to that same address; each redirect is checked in the same way.
"""

import contextlib
import http.client
import itertools
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ltr_plugin.catalog.references import public_reference
from ltr_plugin.errors import MediaError, MediaUnavailableError
from ltr_plugin.media.addresses import is_allowed, is_denied
from ltr_plugin.media.hosts import HostBudgets
from ltr_plugin.settings import Settings

MAX_REDIRECTS = 3
TIMEOUT_S = 20.0

MAX_TRIES, FIRST_PAUSE_S = 3, 0.5
"""Tries of a URL, and the pause before the second one; each further pause is twice as long."""

PASSING_STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505})

HOSTS = HostBudgets()

MAX_REASON_CHARACTERS = 100
"""Maximum characters kept of a server's reason phrase."""


class _Response(http.client.HTTPResponse):
    """A response that refuses chunks of negative size, which Python would read until the connection closes."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("negative size")  # Python treats it as an incomplete chunk
        return size


def fetch(url: str, *, max_bytes: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """The body behind a URL. `timeout_s` includes all redirects, tries and pauses.

    MediaError with the reason when there is none; MediaUnavailableError when there may be one later.
    """
    deadline = time.monotonic() + timeout_s
    host = _host(_split(url, ""))
    for number in itertools.count(1):
        HOSTS.check(host)
        began = time.monotonic()
        try:
            body = _follow(url, max_bytes, deadline, timeout_s)
        except MediaUnavailableError as error:
            now = time.monotonic()
            pause_s = max(error.retry_after_s, FIRST_PAUSE_S * 2 ** (number - 1))
            is_last = number == MAX_TRIES or now + pause_s >= deadline
            HOSTS.record(host, now - began, failed=True, retry_after_s=error.retry_after_s if is_last else 0.0)
            if is_last:
                raise
            time.sleep(pause_s)
        else:
            HOSTS.record(host, time.monotonic() - began, failed=False)
            return body
    raise AssertionError("unreachable")


def _follow(url: str, max_bytes: int, deadline: float, timeout_s: float) -> bytes:
    """The body behind a URL and its redirects."""
    host = redirected_to = ""
    try:
        for _ in range(MAX_REDIRECTS + 1):
            split = _split(url, redirected_to)
            host = _host(split)
            body, redirect = _get(split, max_bytes, deadline)
            if redirect is None:
                return body
            url, redirected_to = split.geturl(), redirect
    except ssl.SSLCertVerificationError as error:
        raise MediaError(f"cannot fetch from {host!r}: {error}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        timed_out = time.monotonic() >= deadline
        reason = f"took more than {timeout_s:g} s" if timed_out else (str(error) or type(error).__name__)
        lasting = isinstance(error, ValueError | http.client.InvalidURL) and not timed_out  # such as a wrong port
        raise (MediaError if lasting else MediaUnavailableError)(f"cannot fetch from {host!r}: {reason}") from None
    raise MediaError(f"more than {MAX_REDIRECTS} redirects")


def _split(url: str, redirect: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, redirect))
    except ValueError:  # whose message may quote a password
        raise MediaError("no valid URL") from None


def _get(url: SplitResult, max_bytes: int, deadline: float) -> tuple[bytes, str | None]:
    """The body, or the target of a redirect."""
    if url.scheme not in ("http", "https") or not url.hostname:
        raise MediaError(f"{public_reference(url.geturl())!r} is no http(s) URL")
    connection = http.client.HTTPConnection(_host(url))
    connection.response_class = _Response
    connection.sock = _connect(url, deadline)
    # a server that sends single bytes resets the socket's own timeout, but not this timer
    duplicate = connection.sock.dup()
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [duplicate])
    timer.daemon = True
    timer.start()
    try:
        if url.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=url.hostname)
        target = quote(url._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="/?&=%:+,;@!$'()*~#[]")
        connection.request("GET", target, headers={"User-Agent": "ltr-plugin", "Accept-Encoding": "identity"})
        with connection.getresponse() as response:
            if response.status in (301, 302, 303, 307, 308) and (location := response.getheader("Location")):
                return b"", location
            if response.status != 200:
                reason = f"{url.hostname} answered {response.status} {response.reason[:MAX_REASON_CHARACTERS]}"
                if response.status in PASSING_STATUSES:
                    raise MediaUnavailableError(reason, retry_after_s=retry_after_s(response.getheader("Retry-After")))
                raise MediaError(reason)
            body = response.read(max_bytes + 1)
            if time.monotonic() >= deadline:
                raise TimeoutError
            if len(body) > max_bytes:
                raise MediaError(f"over the limit of {max_bytes >> 20} MB")
            if response.length:
                raise MediaUnavailableError(
                    f"{url.hostname} closed the connection with {response.length} bytes missing"
                )
            return body, None
    finally:
        timer.cancel()
        duplicate.close()
        connection.close()


def _host(url: SplitResult) -> str:
    """Host and port, without user name and password."""
    return url.netloc.rpartition("@")[2]


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # already closed by the other side
        connection.shutdown(socket.SHUT_RDWR)


def _connect(url: SplitResult, deadline: float) -> socket.socket:
    host, port = str(url.hostname), url.port or (443 if url.scheme == "https" else 80)
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    private = Settings.from_env().allow_private_media
    allowed = [address for address in addresses if is_allowed(address, private)]
    if not allowed:
        if any(map(is_denied, addresses)):
            raise MediaError(f"{host!r} is a link-local or metadata address, which media are never fetched from")
        raise MediaError(
            f"{host!r} is a private address; set LTR_ALLOW_PRIVATE_MEDIA to its network if media are there"
        )
    failure = OSError("no address")
    for number, address in enumerate(allowed):  # one of several may be down
        left_s = max(0.1, deadline - time.monotonic())
        try:
            connected = socket.create_connection((address, port), timeout=left_s / (len(allowed) - number))
        except OSError as error:
            failure = error
        else:
            connected.settimeout(left_s)
            return connected
    raise failure


def retry_after_s(header: str | None) -> float:
    """The seconds that `Retry-After` asks to wait (RFC 9110, 10.2.3); 0 if it is absent or has no valid form."""
    value = (header or "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
