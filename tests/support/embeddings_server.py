"""A real service of embeddings on loopback, in the form of OpenAI's API, which a test can make busy or wrong."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zlib import crc32

import numpy as np

DIMENSION = 8
TOKENS_PER_TEXT = 5


def vector_of(text: str) -> list[float]:
    """The vector that the service gives to a text; it is not of unit length."""
    return np.random.default_rng(crc32(text.encode())).normal(size=DIMENSION).round(6).tolist()


def unit_vectors(texts: Sequence[str]) -> np.ndarray:
    vectors = np.array([vector_of(text) for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass
class Answer:
    """What the service answers instead."""

    status: int = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


class EmbeddingsServer(ThreadingHTTPServer):
    """`troubles` are answered one a request, oldest first. Texts with a word of `refused` get status 400, those of
    `broken` a vector of nulls; more than `max_texts` in a request get status 422. `seen` has the texts of all requests.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_port}/v1"
        self.url = f"http://{self.host}"
        self.troubles: list[Answer] = []
        self.refused, self.broken, self.max_texts = "poison", "broken", 1000
        self.seen: list[list[str]] = []
        self.times: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict] = []
        self.paths: list[str] = []
        self.delay_s, self.running, self.most_running = 0.0, 0, 0
        self.lock = threading.Lock()

    def handle_error(self, *_) -> None:
        """A client that gave up waiting is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.seen.append(body["input"])
            server.times.append(time.monotonic())
            server.headers.append(dict(self.headers))
            server.bodies.append(body)
            server.paths.append(self.path)
            server.running += 1
            server.most_running = max(server.most_running, server.running)
            trouble = server.troubles.pop(0) if server.troubles else None
        time.sleep(server.delay_s)
        answer = trouble or self._embeddings(body["input"])
        time.sleep(answer.after_s)
        with server.lock:
            server.running -= 1
        content = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _embeddings(self, texts: list[str]) -> Answer:
        server = self.server
        if any(server.refused in text for text in texts):
            return Answer(400, {"error": {"message": "that is nothing to embed", "type": "invalid_request_error"}})
        if len(texts) > server.max_texts:
            return Answer(422, {"error": f"batch size {len(texts)} > maximum allowed batch size {server.max_texts}"})
        return Answer(200, embeddings_of(texts, server.broken))

    def log_message(self, *_) -> None:
        """Nothing."""


def embeddings_of(texts: Sequence[str], broken: str = "broken") -> dict:
    """The whole answer, its embeddings in the opposite order, as `index` allows."""
    vectors = [[None] * DIMENSION if broken in text else vector_of(text) for text in texts]
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return {"data": data[::-1], "usage": {"total_tokens": TOKENS_PER_TEXT * len(texts)}}


@contextlib.contextmanager
def embeddings_server() -> Iterator[EmbeddingsServer]:
    server = EmbeddingsServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
