"""A worker that runs as long as one command, and waiting until no vector is missing."""

import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.broker.messages import CATALOG_QUEUE, TASK_FAILED, WRITE_REFUSED, broker_folder, celery_client
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import BrokerError, LtrError, counted
from ltr_plugin.extras import require_module
from ltr_plugin.pipelines.indexing.enqueue import enqueue_backlog, enqueue_lost
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.settings import Settings, variable

if TYPE_CHECKING:
    from celery import Celery

MAX_RESTARTS = 5
STOP_TIMEOUT_S = 20.0


class LocalWorker:
    """A child process `celery worker` on the folder queue, which is restarted when it dies."""

    def __init__(self, settings: Settings) -> None:
        require_module("prometheus_client", "a worker", error=BrokerError)
        self.log = settings.runs.resolve() / "worker.log"
        self.client = celery_client(settings)
        self.restarts = self._restarts_in_vain = 0
        self._environment = worker_environment(settings)
        self._queue = _SharedFolderQueue(settings)
        self._queue.purge_if_unshared()
        self._stopping = threading.Event()
        self._process = self._start()
        self._supervisor = threading.Thread(target=self._restart_when_dead, daemon=True)
        self._supervisor.start()

    @property
    def pid(self) -> int:
        """The process id of the worker that runs now."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False when the worker died once more after MAX_RESTARTS restarts without progress."""
        return self._supervisor.is_alive() or self._process.poll() is None

    def on_progress(self) -> None:
        """Tells that products are done, so that earlier deaths no longer count."""
        self._restarts_in_vain = 0

    def failures(self, idle_s: float) -> list[str]:
        """Log lines about failed tasks and refused writes, when nothing moved for longer than their grace time."""
        marks = [mark for mark, grace_s in ((TASK_FAILED, 5), (WRITE_REFUSED, 60)) if idle_s > grace_s]
        return [line for line in self.tail(200) if any(f"{mark}:" in line for mark in marks)]

    def tail(self, lines: int = 10) -> list[str]:
        """The last lines of its log."""
        return self.log.read_text("utf-8", errors="replace").splitlines()[-lines:] if self.log.exists() else []

    def stop(self) -> None:
        """Lets the worker finish its tasks; kills it after STOP_TIMEOUT_S, and when this is interrupted."""
        self._stopping.set()
        try:
            self._supervisor.join()
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
        finally:
            self._process.kill()  # nothing happens to one that has ended
            self._process.wait()
            self._queue.release()

    def _start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # a session of its own: Ctrl-C must reach the command first, which then stops its worker in order
            return subprocess.Popen(
                worker_command(), env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def _restart_when_dead(self) -> None:
        while not self._stopping.wait(0.2):
            if self._process.poll() is not None:
                if self._restarts_in_vain == MAX_RESTARTS:
                    return
                self._process = self._start()
                self.restarts += 1
                self._restarts_in_vain += 1


@contextlib.contextmanager
def local_worker(settings: Settings) -> Iterator[LocalWorker]:
    """A local worker while the block runs. Messages of an earlier one are deleted: the index knows the backlog."""
    (settings.runs / "worker.log").unlink(missing_ok=True)
    worker = LocalWorker(settings)
    try:
        yield worker
    finally:
        worker.stop()


def drain(
    index: ManagedIndex,
    client: "Celery",
    *,
    worker: LocalWorker | None = None,
    progress: Progress = no_progress,
    send: bool = True,
    since: float | None = None,
    stall_s: float = 300.0,
    poll_s: float = 0.3,
) -> None:
    """Sends the backlog to the workers unless `send` is false, and returns when no vector is missing, but for those
    whose media could not be read at a time after `since` (seconds since 1970, the start of this call by default).

    Products in no task are sent again when nothing moved for `stall_s`. If the index was opened by an alias that moves
    meanwhile, the version that is active then is waited for. LtrError when the worker died for good, when its tasks
    failed, or when nothing moved for three times `stall_s`.
    """
    since = time.time() if since is None else since
    index.refresh()
    total = left = index.backlog(untried_since=since)
    if send:
        enqueue_backlog(index, client=client, untried_since=since)
    moved = sent = time.monotonic()
    while left:
        progress(total - left, total)
        time.sleep(poll_s)
        index = index.reopened()  # the alias may move: the version left behind takes no vectors
        now, before, left = time.monotonic(), left, index.backlog(untried_since=since)
        total = max(total, left)
        if left < before:
            moved = now
            if worker:
                worker.on_progress()
        idle_s = now - moved
        failures = worker.failures(idle_s) if worker else []
        if failures or idle_s > 3 * stall_s or (worker and not worker.alive):
            raise LtrError(_stuck(index, left, worker, failures))
        if now - max(moved, sent) > stall_s:
            with contextlib.suppress(BrokerError):  # a broker that does not answer is waited for, as workers do
                enqueue_lost(index, client=client)
            sent = now
    progress(total, total)


def worker_command(*options: str, app: str = "ltr_workers", quiet: bool = False) -> list[str]:
    """The command line of a worker; `quiet` suppresses Celery's banner."""
    name = f"ltr-{uuid.uuid4().hex[:8]}@%h"  # brokers tell workers apart by it
    celery = [sys.executable, "-m", "celery", *(["--quiet"] if quiet else []), "-A", app]
    independent = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*celery, "worker", "--hostname", name, "--loglevel", "INFO", *independent, *options]


class _SharedFolderQueue:
    """The folder queue, shared by a lock with other commands that have a worker on it now."""

    def __init__(self, settings: Settings) -> None:
        folder = broker_folder(settings)
        self._messages = folder / "queue"
        self._lock = (folder / "lock").open("w")

    def purge_if_unshared(self) -> None:
        """Deletes all messages, unless another command waits for them; then they stay, and do no harm here."""
        # flock, because filelock's locks cannot turn from exclusive to shared in one step
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for message in self._messages.glob("*.msg"):
                if not message.name.partition(".")[2].startswith(CATALOG_QUEUE):  # changes are stored nowhere else
                    message.unlink(missing_ok=True)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def release(self) -> None:
        """Lets other commands purge the queue."""
        self._lock.close()


def worker_environment(settings: Settings) -> dict[str, str]:
    """The variables of a local worker: ours, and the settings for the cluster where they differ from ours."""
    named: dict[str, str | Path | None] = {
        "LTR_RUNS": settings.runs.resolve(),
        "LTR_BROKER_URL": None,
        "LTR_BROKER_URL_FILE": None,
        "LTR_MEDIA_ROOT": os.pathsep.join(map(str, settings.media_root)),
        "LTR_METRICS_PORT": None,
        "LTR_LOG_FORMAT": None,
    }
    inherited = Settings.from_env()
    for field in Settings.model_fields:
        value = getattr(settings, field)
        if field.startswith(("opensearch_", "elasticsearch_")) and value != getattr(inherited, field):
            name = inherited.in_variables(variable(field))
            named |= {name: value, f"{name}_FILE": None}
    ours = {name: str(value or "") for name, value in named.items()}
    return {**os.environ, **ours, "LTR_WORKER_PARENT": str(os.getpid()), "PYTHONWARNINGS": "ignore"}


def _stuck(index: ManagedIndex, left: int, worker: LocalWorker | None, failures: list[str]) -> str:
    state = f"{index.name}: {counted(left, 'product')} still without vectors"
    if worker is None:
        return f"{state} and nothing moves; is a worker running (`ltr worker`)?"
    why = failures[-1:] or worker.tail()
    return "\n".join([f"{state}; the worker says ({worker.log}):", *why])
