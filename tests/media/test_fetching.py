"""Fetching from a real server on loopback, friendly and hostile."""

import gzip
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

import pytest

from ltr_plugin.errors import MediaError, MediaUnavailableError
from ltr_plugin.media import fetching
from ltr_plugin.media.addresses import is_allowed
from ltr_plugin.media.fetching import fetch
from ltr_plugin.media.hosts import MAX_LOST_S, HostBudgets
from ltr_plugin.settings import Settings


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/to?"):
            self._answer(302, b"", Location=unquote(self.path.removeprefix("/to?")))
            return
        match self.path.strip("/").split("/"):
            case ["photo", size]:
                self._answer(200, b"x" * int(size))
            case ["hop", left]:
                target = f"/hop/{int(left) - 1}" if int(left) > 1 else "/photo/3"
                self._answer(302, b"", Location=target)
            case ["inside"]:
                self._answer(302, b"", Location="file:///etc/passwd")
            case ["elsewhere"]:
                self._answer(302, b"", Location="ftp://user:secret@shop.example/x")
            case ["nowhere"]:
                self._answer(302, b"", Location="http://[half")
            case ["round"]:
                self._answer(302, b"", Location="/round")
            case ["packed"]:
                self._answer(200, gzip.compress(bytes(5 << 20)), **{"Content-Encoding": "gzip"})
            case ["endless"]:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while True:
                    self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            case ["less-than-nothing"]:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"-1\r\n" + bytes(4 << 20))
            case ["busy", name, status, times, *after]:
                self.server.asked.append(name)
                headers = {"Retry-After": after[0]} if after else {}
                if self.server.asked.count(name) > int(times):
                    self._answer(200, b"at last")
                else:
                    self._answer(int(status), b"", **headers)
            case ["chatty"]:
                self.send_response(500, "no" * 1000)
                self.end_headers()
            case ["wait"]:
                while True:
                    self.send_response_only(100)
                    self.end_headers()
            case ["slow"]:
                self.send_response(200)
                self.end_headers()
                for _ in range(100):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            case ["broken"]:
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"x")
            case _:
                self._answer(404, b"")

    def _answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = []

    def handle_error(self, *_):
        pass  # a client that hangs up is what these tests are about


@pytest.fixture(scope="module")
def shop():
    with Server(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def hosts(monkeypatch):
    """No host has a past, and pauses are short."""
    monkeypatch.setattr(fetching, "HOSTS", HostBudgets())
    monkeypatch.setattr(fetching, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def private_allowed(monkeypatch):
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", "1")


@pytest.mark.usefixtures("private_allowed")
def test_a_body_arrives_whole_and_through_three_redirects(shop):
    assert fetch(f"{shop}/photo/5", max_bytes=5) == b"xxxxx"
    assert fetch(f"{shop}/hop/3", max_bytes=5) == b"xxx"


@pytest.mark.usefixtures("private_allowed")
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("photo/2000000", "over the limit of 1 MB"),
        ("hop/4", "more than 3 redirects"),
        ("inside", "no http"),
        ("nowhere", "no valid URL"),
        ("elsewhere", r"'ftp://shop\.example/x' is no http\(s\) URL"),
        ("round", "more than 3 redirects"),
        ("endless", "over the limit of 1 MB"),
        ("less-than-nothing", r"cannot fetch .*IncompleteRead\(0 bytes read"),
        ("absent", "answered 404"),
        ("chatty", f"answered 500 {'no' * 50}$"),
        ("broken", "bytes missing"),
    ],
)
def test_what_cannot_be_had_says_why(shop, path, reason):
    with pytest.raises(MediaError, match=reason):
        fetch(f"{shop}/{path}", max_bytes=1 << 20)


@pytest.mark.usefixtures("private_allowed")
def test_a_server_that_drips_is_cut_off_in_time(shop):
    began = time.monotonic()
    with pytest.raises(MediaError, match=r"took more than 0.5 s"):
        fetch(f"{shop}/slow", max_bytes=1 << 20, timeout_s=0.5)
    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("private_allowed")
def test_a_server_that_never_comes_to_the_point_is_cut_off_in_time(shop):
    began = time.monotonic()
    with pytest.raises(MediaError, match="cannot fetch"):
        fetch(f"{shop}/wait", max_bytes=1 << 20, timeout_s=0.5)
    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("private_allowed")
def test_a_server_that_never_shakes_hands_is_cut_off_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(MediaError, match=r"took more than 0.5 s"):
            fetch(f"https://127.0.0.1:{server.getsockname()[1]}/x", max_bytes=10, timeout_s=0.5)
        assert time.monotonic() - began < 2


@pytest.mark.usefixtures("private_allowed")
def test_a_packed_body_is_not_unpacked(shop):
    assert len(fetch(f"{shop}/packed", max_bytes=1 << 20)) < 1 << 20


def test_a_redirect_to_a_private_address_is_refused(shop, monkeypatch):
    monkeypatch.delenv("LTR_ALLOW_PRIVATE_MEDIA", raising=False)
    monkeypatch.setattr(fetching, "is_allowed", lambda address, _: address == "127.0.0.1")
    with socket.create_server(("127.0.0.2", 0)) as inside:
        location = f"http://127.0.0.2:{inside.getsockname()[1]}/secret"
        with pytest.raises(MediaError, match=r"'127.0.0.2' is a private address"):
            fetch(f"{shop}/to?{quote(location, safe='')}", max_bytes=10)


def test_a_host_is_reached_where_one_of_its_addresses_is(shop, monkeypatch):
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", "1")
    port = int(shop.rpartition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.3", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert fetch(f"http://shop.invalid:{port}/photo/3", max_bytes=5) == b"xxx"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "0.0.0.0",  # noqa: S104
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "2130706433",
        "0x7f.1",
    ],
)
def test_private_addresses_are_refused(host, monkeypatch):
    monkeypatch.delenv("LTR_ALLOW_PRIVATE_MEDIA", raising=False)
    with pytest.raises(MediaError, match=r"private address|cannot fetch"):
        fetch(f"http://{host}:1/photo", max_bytes=10)


def test_public_means_reachable_by_everyone():
    public = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]
    assert all(is_allowed(address, ()) for address in public)
    private = ["192.168.1.1", "100.64.0.1", "fe80::1%eth0", "fd00::1", "fec0::1", "224.0.0.1", "::ffff:10.0.0.1", "::1"]
    assert not any(is_allowed(address, ()) for address in private)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
        "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::",
        "2001:0:a9fe:a9fe::", "2001:0:5db8:d70e:0:0:5601:5601", "::ffff:168.63.129.16", "224.0.0.1",
    ],
)  # fmt: skip
def test_metadata_and_link_local_addresses_are_never_allowed(address):
    assert not is_allowed(address, Settings(allow_private_media="1").allow_private_media)


def test_private_networks_are_allowed_one_by_one():
    networks = Settings(allow_private_media="10.1.0.0/16, fd12::/16").allow_private_media
    assert all(is_allowed(one, networks) for one in ("10.1.2.3", "fd12::1", "::ffff:10.1.2.3", "93.184.215.14"))
    assert not any(is_allowed(one, networks) for one in ("10.2.0.1", "127.0.0.1", "fd13::1"))
    everything = Settings(allow_private_media="1").allow_private_media
    assert all(is_allowed(one, everything) for one in ("10.2.0.1", "127.0.0.1", "::1", "fd13::1"))


@pytest.mark.usefixtures("private_allowed")
@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again(shop, status):
    assert fetch(f"{shop}/busy/twice-{status}/{status}/2", max_bytes=10) == b"at last"
    with pytest.raises(MediaUnavailableError, match=f"answered {status}"):
        fetch(f"{shop}/busy/always-{status}/{status}/3", max_bytes=10)


@pytest.mark.usefixtures("private_allowed")
def test_a_server_is_called_again_when_it_says(shop):
    began = time.monotonic()
    assert fetch(f"{shop}/busy/soon/429/1/1", max_bytes=10) == b"at last"
    assert time.monotonic() - began >= 1
    with pytest.raises(MediaUnavailableError, match="answered 429"):
        fetch(f"{shop}/busy/later/429/1/3600", max_bytes=10)
    assert time.monotonic() - began < 5
    with pytest.raises(MediaUnavailableError, match="not called for 300 s"):
        fetch(f"{shop}/photo/3", max_bytes=10)


@pytest.mark.usefixtures("private_allowed")
@pytest.mark.parametrize(("path", "passing"), [("absent", False), ("photo/9", False), ("broken", True), ("slow", True)])
def test_only_what_may_pass_is_called_unavailable(shop, path, passing):
    with pytest.raises(MediaError) as raised:
        fetch(f"{shop}/{path}", max_bytes=5, timeout_s=0.3)
    assert isinstance(raised.value, MediaUnavailableError) == passing


def test_a_host_that_mostly_fails_pauses_and_others_do_not():
    hosts = HostBudgets()
    hosts.record("good", 2 * MAX_LOST_S, failed=False)
    for host in ("good", "bad"):
        hosts.record(host, MAX_LOST_S + 1, failed=True)
    hosts.check("good")
    with pytest.raises(MediaUnavailableError, match="'bad' failed too often"):
        hosts.check("bad")


@pytest.mark.parametrize("said", ["0", "no", ""])
def test_private_addresses_are_allowed_by_a_1_alone(said, shop, monkeypatch):
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", said)
    with pytest.raises(MediaError, match="private address"):
        fetch(f"{shop}/photo/3", max_bytes=1 << 20)


def test_no_password_is_quoted_of_a_url_that_is_none():
    with pytest.raises(MediaError, match="no valid URL") as raised:
        fetch("http://user:s3[cr]et@shop\N{ACCOUNT OF}/x", max_bytes=1)
    assert "s3" not in str(raised.value)


def test_an_unknown_host_or_a_closed_port_is_a_media_error(monkeypatch):
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", "1")
    with pytest.raises(MediaError, match=r"cannot fetch from '127\.0\.0\.1:1'"):
        fetch("http://127.0.0.1:1/x", max_bytes=10)
    with pytest.raises(MediaError, match="cannot fetch"):
        fetch("http://no-such-host.invalid/x", max_bytes=10)
