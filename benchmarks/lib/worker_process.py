"""A worker as a child process that can be killed and restarted."""

import contextlib
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.lib.brokers import free_port
from ltr_plugin.pipelines.indexing.local_worker import worker_command


class WorkerProcess:
    """`celery worker` in its own session, with JSON logs in `log` and a port for its metrics."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str, app: str = "ltr_workers") -> None:
        self.log = log
        self.port = free_port()
        self._command = worker_command(*options, app=app, quiet=True)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("LTR_", "OPENSEARCH_"))},
            "LTR_LOG_FORMAT": "json",
            "LTR_METRICS_PORT": str(self.port),
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def restart(self) -> None:
        """Starts it again after its end."""
        self.process = self._start()

    def kill(self) -> None:
        """SIGKILL to the worker and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout_s: float = 60) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of a response of its port; (0, reason) without one."""
        return ask(self.port, path)

    @property
    def state(self) -> str:
        """The state in /healthz; empty without a response."""
        status, body = self.ask("/healthz")
        return str(json.loads(body)["state"]) if status else ""

    def lines(self) -> list[dict[str, Any]]:
        """Its log, an object for each line."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def metric(self, name: str) -> float | None:
        """The value of a metric, by its name with labels as they are served; None without it."""
        values = dict(line.rpartition(" ")[::2] for line in self.ask("/metrics")[1].splitlines())
        return float(values[name]) if name in values else None


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and body of a response on loopback; (0, reason) without one."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
