"""A worker's port: `/metrics` for Prometheus, `/healthz` for what watches over processes."""

import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ltr_plugin.settings import Settings
from ltr_workers.in_flight import is_stopping, running

log = logging.getLogger(__name__)


def serve_metrics(settings: Settings, worker: Any) -> None:  # noqa: ANN401 - Celery's worker
    """Serves both in a thread, where a port is configured. SystemExit when the port cannot be had."""
    if not settings.metrics_port:
        return
    from prometheus_client import REGISTRY

    from ltr_workers.metrics import BacklogCollector

    if settings.sweep_indices:
        REGISTRY.register(BacklogCollector(settings))
    if worker.pool_cls.__module__.endswith("prefork"):
        log.warning("metrics are counted in the worker's own process: use the threads or the solo pool, not prefork")
    place = settings.metrics_host, settings.metrics_port
    try:
        server = ThreadingHTTPServer(place, _handler(worker))
    except OSError as error:
        why = f"port {place[1]} of {place[0]} cannot be used ({error.strerror}); choose another LTR_METRICS_PORT"
        raise SystemExit(why) from None  # which, unlike others, ends a worker that is starting
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def health(worker: Any) -> dict[str, Any]:  # noqa: ANN401
    """`state` is `ready` for a worker that takes tasks, else why it does not; what it runs, and since when."""
    consumer = getattr(worker, "consumer", None)
    if is_stopping():
        word = "stopping"
    elif consumer is None:
        word = "starting"
    else:
        word = "ready" if consumer.connection and consumer.connection.connected else "no broker"
    started = list(running.values())
    longest_s = round(time.monotonic() - min(started), 1) if started else 0.0
    return {"state": word, "running": len(started), "longest_s": longest_s}


def _handler(worker: Any) -> type[BaseHTTPRequestHandler]:  # noqa: ANN401
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path == "/healthz":
                found = health(worker)
                status = 200 if found["state"] == "ready" else 503
                self._answer(status, "application/json", json.dumps(found).encode())
            else:
                self._answer(404, "text/plain", b"/metrics or /healthz\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Being asked is no news."""

    return Handler
