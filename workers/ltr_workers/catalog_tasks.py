"""The tasks by which catalog systems in any language hand over products; docs/messages.md has their messages.

They have their own queue, from which a worker takes only with `-Q ltr.catalog`. With one such worker and one task at a
time, products change in the order of the queue. Other messages are only hints; these carry data that is nowhere else
yet, so they are kept until the cluster has it: those of an index that cannot be written are parked.
"""

import logging
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from celery import signals
from celery.exceptions import Reject

from ltr_plugin.broker.messages import (
    CATALOG_QUEUE,
    DELETE_TASK,
    PUT_TASK,
    REEMBED_TASK,
    TASK_FAILED,
    UPDATE_TASK,
    WRITE_REFUSED,
)
from ltr_plugin.catalog.changes import ChangeKind
from ltr_plugin.cluster.managed.changes import WRITES_BLOCKED
from ltr_plugin.cluster.names import is_name
from ltr_plugin.errors import ClusterError, InputError, LtrError
from ltr_plugin.pipelines.indexing.ingest import IngestResult, ingest
from ltr_plugin.settings import Settings
from ltr_plugin.validation import shorten
from ltr_workers.celery import app
from ltr_workers.in_flight import deduplicate, is_stopping
from ltr_workers.logs import bind_log_context
from ltr_workers.parking import Parking
from ltr_workers.tasks import worker_cluster

RETRY_INTERVAL_S, TAKE_UP_INTERVAL_S = 5.0, 15.0

CHANGE_KINDS: Mapping[str, ChangeKind] = {
    PUT_TASK: "put",
    UPDATE_TASK: "update",
    DELETE_TASK: "put",
    REEMBED_TASK: "reembed",
}

INDEX_OBSTACLES = ("index_not_found_exception", "index_closed_exception", WRITES_BLOCKED)
"""Types of errors that concern one index, and may pass."""

parking = Parking()

log = logging.getLogger(__name__)


@app.task(name=PUT_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def put_task(self: Any, index: str, products: list[dict[str, Any]]) -> None:  # noqa: ANN401 - Celery's task
    """Adds or replaces products; one with `deleted: true` is deleted."""
    _ingest(self.request.id, PUT_TASK, index, products)


@app.task(name=UPDATE_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def update_task(self: Any, index: str, updates: list[dict[str, Any]]) -> None:  # noqa: ANN401
    """Gives some fields of products new values."""
    _ingest(self.request.id, UPDATE_TASK, index, updates)


@app.task(name=DELETE_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def delete_task(self: Any, index: str, ids: list[str]) -> None:  # noqa: ANN401
    """Deletes products."""
    _ingest(self.request.id, DELETE_TASK, index, ids, deleted=True)


@app.task(name=REEMBED_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def reembed_task(self: Any, index: str, ids: list[str]) -> None:  # noqa: ANN401
    """Makes all vectors of products anew."""
    _ingest(self.request.id, REEMBED_TASK, index, ids)


def _ingest(task_id: str, task: str, index: Any, items: Any, **fields: object) -> None:  # noqa: ANN401
    """Ingests the items, or parks them while their index cannot be written. An error in one item, or in the whole
    message, is logged and counted. An obstacle for all messages, such as a wrong password, is waited for."""
    from ltr_workers.metrics import TASKS

    with deduplicate(task_id) as first:
        if not first:
            TASKS.labels(task, "duplicate").inc()
            return
        _take_up_regularly()
        records = (
            [{"id": item, **fields} for item in items]
            if task in (DELETE_TASK, REEMBED_TASK) and isinstance(items, list)
            else items
        )
        with parking.lock:
            _write({"task_id": task_id, "task": task, "index": index, "items": records})


def _write(message: Mapping[str, Any], *, parked: bool = False) -> bool:
    """Whether a message is done with: written, wrong or parked. A `parked` one is not parked again."""
    from ltr_workers.metrics import TASKS

    task, index, items = message["task"], message["index"], message["items"]
    with bind_log_context(task=task, task_id=message["task_id"], index=index):
        try:
            result = _ingest_or_wait(message, parked=parked)
        except _IndexObstacleError as obstacle:
            if not parked:
                TASKS.labels(task, "parked").inc()
                log.error("%s; parked until it can be written, and later messages for %s with it", obstacle, index)  # noqa: TRY400
            return False
        except Reject:
            raise
        except Exception as error:  # whatever is wrong with this message must not stop those after it
            TASKS.labels(task, "failed").inc()
            summary = str(error) if isinstance(error, LtrError) else f"{type(error).__name__}: {error}"
            log.error("%s: %s; index %s, %s", TASK_FAILED, summary, shorten(index), shorten(items))  # noqa: TRY400
            return True
        TASKS.labels(task, "done").inc()
        facts = {
            "applied": result.applied,
            "stale": result.stale,
            "sent": result.sent,
            "missing": len(result.missing),
            "refused": len(result.refused),
        }
        log.info("%s %s: %s", index, task, facts, extra={"facts": facts})
        for item in result.refused:
            log.error("%s: item %d of %s, product %s: %s", WRITE_REFUSED, item.position, task, item.id, item.reason)
        if result.enqueue_error:
            log.warning("no tasks sent: %s", result.enqueue_error)
    return True


class _IndexObstacleError(Exception):
    """The index of a message cannot be written now; other indices can."""


def _ingest_or_wait(message: Mapping[str, Any], *, parked: bool) -> IngestResult:
    index, items = message["index"], message["items"]
    if not is_name(index) or not isinstance(items, list):  # an index of another name may still be created
        raise InputError(message["task"], f"{shorten(index)}, {shorten(items)} is no index with a list")
    obstacle: object = None
    while True:
        try:
            if not parked and (obstacle or parking.holds(app, index)):
                parking.park(app, index, dict(message))
                raise _IndexObstacleError(obstacle or f"earlier messages for {index} are parked")
            media_roots = Settings.from_env().media_root
            return ingest(
                worker_cluster(), index, items, CHANGE_KINDS[message["task"]], client=app, media_roots=media_roots
            )
        except LtrError as error:
            if isinstance(error, InputError) or getattr(error, "error_type", "") in INDEX_OBSTACLES:
                obstacle = error
                if parked:
                    raise _IndexObstacleError(error) from None
                continue
            if isinstance(error, ClusterError) and error.status == 400 and error.error_type:
                raise  # the message itself is wrong, and stays so
            # enqueued again, it would come after later ones; dropped, it would be lost
            temporary = isinstance(error, ClusterError) and error.retryable
            level = logging.WARNING if temporary else logging.ERROR
            log.log(level, "%s; waiting, and all later messages with it", error)
            _pause()


def take_up_parked() -> None:
    """Writes the parked messages whose indices can be written now."""
    parking.take_up(app, lambda message: _write(message, parked=True))


@cache
def _take_up_regularly() -> None:
    """Starts a thread that takes parked messages up until the worker stops; once for a process."""

    def run() -> None:
        while not is_stopping():
            try:
                take_up_parked()
            except Exception as error:  # whatever it is, the next try may succeed
                log.warning("parked messages are not taken up now: %s: %s", type(error).__name__, error)
            time.sleep(TAKE_UP_INTERVAL_S)

    threading.Thread(target=run, daemon=True).start()


@signals.worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
def _start(sender: Any, **_: object) -> None:  # noqa: ANN401 - Celery's consumer
    if CATALOG_QUEUE in sender.app.amqp.queues.consume_from and not sender.controller.pool_cls.__module__.endswith(
        "prefork"
    ):
        _take_up_regularly()


def _pause() -> None:
    """Waits. Raises Reject, which puts the message back into the queue, when the worker is stopped meanwhile."""
    until = time.monotonic() + RETRY_INTERVAL_S
    while time.monotonic() < until:
        if is_stopping():
            raise Reject("the worker is stopping", requeue=True)
        time.sleep(0.1)
