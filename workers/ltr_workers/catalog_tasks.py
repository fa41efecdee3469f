"""The tasks by which catalog systems in any language hand over products; docs/messages.md has their messages.

They have their own queue, from which a worker takes only with `-Q ltr.catalog`. With one such worker and one task at a
time, products change in the order of the queue. Other messages are only hints; these carry data that is nowhere else
yet, so they are kept until the cluster has it.
"""

import logging
import time
from typing import Any

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
from ltr_plugin.catalog.changes import CatalogEntry, Change, ProductUpdateModel, ReembedRequest
from ltr_plugin.cluster.names import is_name
from ltr_plugin.errors import ClusterError, InputError, LtrError
from ltr_plugin.pipelines.ingest import IngestResult, ingest
from ltr_plugin.settings import Settings
from ltr_workers.celery import app
from ltr_workers.in_flight import deduplicate, is_stopping
from ltr_workers.logs import bind_log_context
from ltr_workers.tasks import worker_cluster

RETRY_INTERVAL_S = 5.0

log = logging.getLogger(__name__)


@app.task(name=PUT_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def put_task(self: Any, index: str, products: list[dict[str, Any]]) -> None:  # noqa: ANN401 - Celery's task
    """Adds or replaces products; one with `deleted: true` is deleted."""
    _ingest(self.request.id, PUT_TASK, index, products, CatalogEntry)


@app.task(name=UPDATE_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def update_task(self: Any, index: str, updates: list[dict[str, Any]]) -> None:  # noqa: ANN401
    """Gives some fields of products new values."""
    _ingest(self.request.id, UPDATE_TASK, index, updates, ProductUpdateModel)


@app.task(name=DELETE_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def delete_task(self: Any, index: str, ids: list[str]) -> None:  # noqa: ANN401
    """Deletes products."""
    _ingest(self.request.id, DELETE_TASK, index, ids, CatalogEntry, deleted=True)


@app.task(name=REEMBED_TASK, bind=True, queue=CATALOG_QUEUE)  # type: ignore[untyped-decorator]
def reembed_task(self: Any, index: str, ids: list[str]) -> None:  # noqa: ANN401
    """Makes all vectors of products anew."""
    _ingest(self.request.id, REEMBED_TASK, index, ids, ReembedRequest)


def _ingest(task_id: str, task: str, index: Any, items: Any, change_type: type[Change], **fields: object) -> None:  # noqa: ANN401
    """Ingests the items. An error in one item, or in the whole message, is logged and counted. Any other obstacle, such
    as a wrong password or an index that does not exist yet, is waited for."""
    from ltr_workers.metrics import TASKS

    with deduplicate(task_id) as first, bind_log_context(task=task, task_id=task_id, index=index):
        if not first:
            TASKS.labels(task, "duplicate").inc()
            return
        try:
            result = _ingest_or_wait(task, index, items, change_type, fields)
        except LtrError as error:
            TASKS.labels(task, "failed").inc()
            log.error("%s: %s; index %s, %s", TASK_FAILED, error, index, items)  # noqa: TRY400
            return
        TASKS.labels(task, "done").inc()
        facts = {"applied": result.applied, "stale": result.stale, "sent": result.sent, "refused": len(result.refused)}
        log.info("%s %s: %s", index, task, facts, extra={"facts": facts})
        for item in result.refused:
            log.error("%s: item %d of %s, product %s: %s", WRITE_REFUSED, item.position, task, item.id, item.reason)
        if result.enqueue_error:
            log.warning("no tasks sent: %s", result.enqueue_error)


def _ingest_or_wait(
    task: str,
    index: Any,  # noqa: ANN401 - a message may say anything
    items: Any,  # noqa: ANN401
    change_type: type[Change],
    fields: dict[str, object],
) -> IngestResult:
    if not is_name(index) or not isinstance(items, list):  # an index of another name may still be created
        raise InputError(task, f"{index!r}, {items!r} is no index with a list")
    records = [{"id": item, **fields} for item in items] if task in (DELETE_TASK, REEMBED_TASK) else items
    while True:
        try:
            return ingest(
                worker_cluster(), index, records, change_type, client=app, media_roots=Settings.from_env().media_root
            )
        except LtrError as error:
            if isinstance(error, ClusterError) and error.status == 400 and error.error_type:
                raise  # the message itself is wrong, and stays so
            # enqueued again, it would come after later ones; dropped, it would be lost
            temporary = isinstance(error, ClusterError) and error.retryable
            level = logging.WARNING if temporary else logging.ERROR
            log.log(level, "%s; waiting, and all later messages with it", error)
            _pause()


def _pause() -> None:
    """Waits. Raises Reject, which puts the message back into the queue, when the worker is stopped meanwhile."""
    until = time.monotonic() + RETRY_INTERVAL_S
    while time.monotonic() < until:
        if is_stopping():
            raise Reject("the worker is stopping", requeue=True)
        time.sleep(0.1)
