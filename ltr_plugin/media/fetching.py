"""Media over http(s), within limits of size and time, and never from a private network unless allowed.

A catalog is untrusted: a URL in it may point to a service that only this machine can reach. So the host is looked up
here, its address is checked, and the connection goes to that same address; each redirect is checked in the same way.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ltr_plugin.catalog.media import strip_credentials
from ltr_plugin.errors import MediaError
from ltr_plugin.settings import Settings

MAX_REDIRECTS = 3
TIMEOUT_S = 20.0

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
    """The body behind a URL. `timeout_s` includes all redirects. MediaError with the reason when there is none."""
    deadline = time.monotonic() + timeout_s
    host = redirected_to = ""
    try:
        for _ in range(MAX_REDIRECTS + 1):
            split = _split(url, redirected_to)
            host = _host(split)
            body, redirect = _get(split, max_bytes, deadline)
            if redirect is None:
                return body
            url, redirected_to = split.geturl(), redirect
    except (OSError, http.client.HTTPException, ValueError) as error:
        timed_out = time.monotonic() >= deadline
        reason = f"took more than {timeout_s:g} s" if timed_out else (str(error) or type(error).__name__)
        raise MediaError(f"cannot fetch from {host!r}: {reason}") from None
    raise MediaError(f"more than {MAX_REDIRECTS} redirects")


def _split(url: str, redirect: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, redirect))
    except ValueError:  # whose message may quote a password
        raise MediaError("no valid URL") from None


def _get(url: SplitResult, max_bytes: int, deadline: float) -> tuple[bytes, str | None]:
    """The body, or the target of a redirect."""
    if url.scheme not in ("http", "https") or not url.hostname:
        raise MediaError(f"{strip_credentials(url.geturl())!r} is no http(s) URL")
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
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308) and (location := response.getheader("Location")):
            return b"", location
        if response.status != 200:
            raise MediaError(f"{url.hostname} answered {response.status} {response.reason[:MAX_REASON_CHARACTERS]}")
        body = response.read(max_bytes + 1)
        if time.monotonic() >= deadline:
            raise TimeoutError
        if len(body) > max_bytes:
            raise MediaError(f"over the limit of {max_bytes >> 20} MB")
        if response.length:
            raise MediaError(f"{url.hostname} closed the connection with {response.length} bytes missing")
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
    any_address = Settings.from_env().allow_private_media
    allowed = [address for address in addresses if any_address or _public(address)]
    if not allowed:
        raise MediaError(
            f"{host!r} is a private address; set LTR_ALLOW_PRIVATE_MEDIA=1 if the catalog's media are there"
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


def _public(address: str) -> bool:
    """Whether the address is public. Reserved addresses are not: one may contain a private IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if parsed.is_multicast or parsed.is_reserved or not parsed.is_global:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return True
    return not parsed.is_site_local and (parsed.sixtofour is None or _public(str(parsed.sixtofour)))
