"""A real HTTP proxy before the node, which a test can make busy, slow or absent for a while."""

import contextlib
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

BUSY = json.dumps({"error": {"type": "rejected_execution_exception", "reason": "queue is full"}, "status": 429})
NOT_READY = json.dumps({"error": {"type": "cluster_block_exception", "reason": "no master"}, "status": 503})
REFUSED = json.dumps({"error": {"type": "security_exception", "reason": "not today"}})
GONE = {"type": "node_disconnected_exception", "reason": "[fetch] disconnected"}
NODE_GONE = {
    "type": "search_phase_execution_exception",
    "reason": "all shards failed",
    "root_cause": [],
    "failed_shards": [{"shard": 0, "reason": GONE}],
}
"""What OpenSearch answered with status 500 when a node was killed between the two phases of a search."""

ERRORS = {429: BUSY, 503: NOT_READY}
REFUSALS = {"part": json.loads(BUSY), "part gone": {"status": 500, "error": GONE}}
"""The results of actions that are not done."""


class BusyProxy(ThreadingHTTPServer):
    """`troubles` are taken one a request, oldest first; without any left, it is the node.

    A trouble is a status, `"gone"` (status 500, as of a node that lost another one), `"page"` (status 200 with a page
    of HTML, as of another proxy), `"drop"` (no answer), `"hang"` (none for long), `"lost"` (done, but no answer),
    `"part"` (every other action of a bulk request is rejected), `"part gone"` (the nodes of these are lost),
    `"starting"` (as a node whose shards are not all there), or `"failing"` (as one of which a shard fails).
    `delays_s` holds requests back, by the end of their path. Paths that start with one of `forbidden` get 403, as of a
    user without a right. `trouble_of` may choose a trouble by the path and the body of a request. `seen` has the
    requests, `bulks` the bodies of those that write in bulk. One that `hides_product` removes the header by which
    Elasticsearch is known.
    """

    daemon_threads = True

    def __init__(self, node_url: str, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        node = urlsplit(node_url)
        self.node = (node.hostname, node.port)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.troubles: list[int | str] = []
        self.trouble_of = lambda path, body: None  # noqa: ARG005
        self.seen: list[tuple[str, str]] = []
        self.bulks: list[bytes] = []
        self.hang_s = 5.0
        self.delays_s: dict[str, float] = {}
        self.forbidden: tuple[str, ...] = ()
        self.hides_product = False
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, *_) -> None:
        """A client that gave up waiting is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    product: str | None = None

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.seen.append((self.command, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.server.delays_s.get(path.rpartition("/")[2], 0))
        if path == "/_bulk":
            self.server.bulks.append(body)
        trouble = self.server.trouble_of(path, body)
        if trouble is None and self.server.troubles:
            trouble = self.server.troubles.pop(0)
        if self.server.forbidden and path.startswith(self.server.forbidden):
            trouble = 403
        if trouble == "hang":
            time.sleep(self.server.hang_s)
        if trouble in ("drop", "hang"):
            self.close_connection = True
        elif isinstance(trouble, int):
            self._answer(trouble, ERRORS.get(trouble, REFUSED).encode())
        elif trouble == "gone":
            self._answer(500, json.dumps({"error": NODE_GONE, "status": 500}).encode())
        elif trouble == "page":
            self._answer(200, b"<html>Please log in</html>", "text/html")
        elif trouble in REFUSALS and path == "/_bulk":
            self._answer(200, self._half(body, REFUSALS[trouble]))
        else:
            status, answer = self._forward(body)
            if trouble == "starting":
                answer = self._without_a_shard(json.loads(answer))
            if trouble == "failing":
                answer = self._with_a_failure(json.loads(answer))
            if trouble == "lost":
                self.close_connection = True
            else:
                self._answer(status, answer)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _half(self, body: bytes, refusal: dict) -> bytes:
        """What a node with a full write queue does, and one that lost another: only every other action is done."""
        lines = body.decode().splitlines()
        actions = [lines[place : place + 2] for place in range(0, len(lines), 2)]
        taken = "".join(f"{line}\n" for action in actions[::2] for line in action)
        done = iter(json.loads(self._forward(taken.encode())[1])["items"])
        items = []
        for place, (header, _) in enumerate(actions):
            ((kind, named),) = json.loads(header).items()
            items.append(next(done) if place % 2 == 0 else {kind: {"_id": named["_id"], **refusal}})
        return json.dumps({"errors": True, "items": items}).encode()

    def _without_a_shard(self, answer: dict) -> bytes:
        for document in answer.get("docs", ()):
            document["error"] = {"type": "no_shard_available_action_exception", "reason": "No shard available for []"}
            document.pop("found"), document.pop("_source", None)
        for part in (answer, *answer.get("responses", ())):
            if "_shards" in part:
                part["_shards"]["successful"] -= 1
        return json.dumps(answer).encode()

    def _with_a_failure(self, answer: dict) -> bytes:
        """What OpenSearch does by default when one of several shards fails: status 200, and what the rest found."""
        failure = {"shard": 0, "reason": {"type": "rejected_execution_exception", "reason": "queue is full"}}
        for part in (answer, *answer.get("responses", ())):
            if shards := part.get("_shards"):
                part["_shards"] = shards | {"successful": shards["successful"] - 1, "failed": 1, "failures": [failure]}
        return json.dumps(answer).encode()

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection(*self.server.node, timeout=60)) as node:
            headers = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
            node.request(self.command, self.path, body or None, headers)
            answer = node.getresponse()
            self.product = answer.getheader("X-elastic-product")
            return answer.status, answer.read()

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.product and not self.server.hides_product:
            self.send_header("X-elastic-product", self.product)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Tests say what they saw."""


@contextlib.contextmanager
def busy_proxy(node_url: str, port: int = 0):
    """A proxy before this node for the length of the block."""
    proxy = BusyProxy(node_url, port)
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
