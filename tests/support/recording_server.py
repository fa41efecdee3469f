"""A real HTTP or HTTPS server in place of a cluster, which keeps what it receives and checks credentials."""

import contextlib
import json
import ssl
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server says to a request; status 0 closes the connection without an answer."""

    status: int = 200
    body: object = "{}"
    kind: str = "application/json"


class RecordingServer(ThreadingHTTPServer):
    """`answer` makes the answer to a request, and `product` is what each says of itself."""

    daemon_threads = True

    def __init__(self, certificate: Path | None, answer, product: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Received] = []
        self.answer, self.product = answer, product
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, *_) -> None:
        """A client that does not trust the server is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received = Received(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.received.append(received)
        answer = self.server.answer(received)
        if answer.status == 0:
            self.close_connection = True
            return
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(text.encode())))
        if self.server.product:
            self.send_header("X-elastic-product", self.server.product)
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_) -> None:
        """Tests say what they saw."""


@contextlib.contextmanager
def recording_server(certificate: Path | None = None, answer=lambda _: Answer(), product: str | None = None):
    """A server for the length of the block, with TLS where there is a certificate."""
    server = RecordingServer(certificate, answer, product)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def make_certificate(path: Path, names: str = "IP:127.0.0.1") -> Path:
    """A file with a self-signed certificate for these names and its key."""
    key = path.with_suffix(".key")
    options = f"-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={path.stem}".split()
    extensions = ["-addext", f"subjectAltName={names}", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    command = ["openssl", "req", *options, *extensions, "-keyout", key, "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path
