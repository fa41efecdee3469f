"""Media over http(s), within limits of size and time, and never from inside our own network.

A catalog is untrusted: a URL in it could point at a service that only this machine can reach. So the address is looked
up here, checked, and that same address is connected to; each redirect goes through the same check.
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
"""Of the words with which a server refuses, so many letters are kept."""


class _Answer(http.client.HTTPResponse):
    """An answer that cannot say of a part that it has less than no bytes: Python would read it to its end."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("negative size")  # for Python this is a part that breaks off
        return size


def fetch(url: str, *, max_bytes: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """The body behind a URL; `timeout_s` is for the whole of it, redirects included. MediaError with the reason."""
    deadline = time.monotonic() + timeout_s
    host = to = ""
    try:
        for _ in range(MAX_REDIRECTS + 1):
            split = _split(url, to)
            host = _host(split)
            body, redirect = _get(split, max_bytes, deadline)
            if redirect is None:
                return body
            url, to = split.geturl(), redirect
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= deadline
        reason = f"took more than {timeout_s:g} s" if late else (str(error) or type(error).__name__)
        raise MediaError(f"cannot fetch from {host!r}: {reason}") from None
    raise MediaError(f"more than {MAX_REDIRECTS} redirects")


def _split(url: str, redirect: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, redirect))
    except ValueError:  # whose words may quote a password
        raise MediaError("no valid URL") from None


def _get(url: SplitResult, max_bytes: int, deadline: float) -> tuple[bytes, str | None]:
    """The body, or where it redirects to."""
    if url.scheme not in ("http", "https") or not url.hostname:
        raise MediaError(f"{strip_credentials(url.geturl())!r} is no http(s) URL")
    connection = http.client.HTTPConnection(_host(url))
    connection.response_class = _Answer
    connection.sock = _connect(url, deadline)
    # a server that sends one byte now and then resets the socket's own timeout, but not this one
    line = connection.sock.dup()
    alarm = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [line])
    alarm.daemon = True
    alarm.start()
    try:
        if url.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=url.hostname)
        target = quote(url._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="/?&=%:+,;@!$'()*~#[]")
        connection.request("GET", target, headers={"User-Agent": "ltr-plugin", "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308) and (location := answer.getheader("Location")):
            return b"", location
        if answer.status != 200:
            raise MediaError(f"{url.hostname} answered {answer.status} {answer.reason[:MAX_REASON_CHARACTERS]}")
        body = answer.read(max_bytes + 1)
        if time.monotonic() >= deadline:
            raise TimeoutError
        if len(body) > max_bytes:
            raise MediaError(f"over the limit of {max_bytes >> 20} MB")
        if answer.length:
            raise MediaError(f"{url.hostname} broke off with {answer.length} bytes to come")
        return body, None
    finally:
        alarm.cancel()
        line.close()
        connection.close()


def _host(url: SplitResult) -> str:
    """Name and port, without the password that may stand before them."""
    return url.netloc.rpartition("@")[2]


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        line.shutdown(socket.SHUT_RDWR)


def _connect(url: SplitResult, deadline: float) -> socket.socket:
    host, port = str(url.hostname), url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    any_address = Settings.from_env().allow_private_media
    allowed = [address for address in addresses if any_address or _public(address)]
    if not allowed:
        raise MediaError(
            f"{host!r} is a private address; set LTR_ALLOW_PRIVATE_MEDIA=1 if the catalog's media lie there"
        )
    failure = OSError("no address")
    for place, address in enumerate(allowed):  # of several, not all need to be up
        left_s = max(0.1, deadline - time.monotonic())
        try:
            connected = socket.create_connection((address, port), timeout=left_s / (len(allowed) - place))
        except OSError as error:
            failure = error
        else:
            connected.settimeout(left_s)
            return connected
    raise failure


def _public(address: str) -> bool:
    """Whether everyone could reach it. Reserved ones are not: a private IPv4 address may be inside."""
    known = ipaddress.ip_address(address.partition("%")[0])
    if known.is_multicast or known.is_reserved or not known.is_global:
        return False
    if isinstance(known, ipaddress.IPv4Address):
        return True
    return not known.is_site_local and (known.sixtofour is None or _public(str(known.sixtofour)))
