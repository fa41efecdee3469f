"""A worker's HTTP port: `/metrics` for Prometheus, `/healthz` for a process supervisor."""

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
    """Serves both in a thread, if a port is configured. SystemExit when the port cannot be opened."""
    if not settings.metrics_port:
        return
    from prometheus_client import REGISTRY

    from ltr_workers.metrics import BacklogCollector

    if settings.sweep_indices:
        REGISTRY.register(BacklogCollector(settings))
    if worker.pool_cls.__module__.endswith("prefork"):
        log.warning("metrics are counted in one process: use the pool `threads` or `solo`, not `prefork`")
    address = settings.metrics_host, settings.metrics_port
    try:
        server = ThreadingHTTPServer(address, _handler(worker))
    except OSError as error:
        host, port = address
        raise SystemExit(
            f"port {port} of {host} cannot be used ({error.strerror}); choose another LTR_METRICS_PORT"
        ) from None  # Celery logs other exceptions here and starts all the same
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def health(worker: Any) -> dict[str, Any]:  # noqa: ANN401
    """`state` (ready, starting, stopping, no broker), the number of `running` tasks, and `longest_s` of the oldest."""
    consumer = getattr(worker, "consumer", None)
    if is_stopping():
        state = "stopping"
    elif consumer is None:
        state = "starting"
    else:
        state = "ready" if consumer.connection and consumer.connection.connected else "no broker"
    starts = list(running.values())
    longest_s = round(time.monotonic() - min(starts), 1) if starts else 0.0
    return {"state": state, "running": len(starts), "longest_s": longest_s}


def _handler(worker: Any) -> type[BaseHTTPRequestHandler]:  # noqa: ANN401
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path == "/healthz":
                facts = health(worker)
                status = 200 if facts["state"] == "ready" else 503
                self._answer(status, "application/json", json.dumps(facts).encode())
            else:
                self._answer(404, "text/plain", b"/metrics or /healthz\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: requests are not logged."""

    return Handler
