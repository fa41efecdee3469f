"""The two tasks. Their arguments are names and ids only; what is true is read from the index."""

import logging
from functools import cache
from itertools import islice
from typing import Any

from celery import Celery

from ltr_plugin.cluster.connection import Cluster, connect
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.errors import ClusterError, LtrError
from ltr_plugin.settings import Settings
from workers.app import app

BATCH = 256
RETRIES = 5

GIVEN_UP, REFUSED = "given up", "refused by the cluster"
"""Mark log lines about a task, and about one product, that will not be tried again before the next sweep."""

log = logging.getLogger(__name__)


@app.task(name="ltr.embed", bind=True, max_retries=RETRIES)  # type: ignore[untyped-decorator]
def embed_task(self: Any, index: str, ids: list[str]) -> None:  # noqa: ANN401 - Celery's task
    """Gives these products of an index the vectors they lack."""
    from workers.embedding import embed

    settings = Settings.from_env()
    try:
        report = embed(ProductIndex(_cluster(), index), ids, media_root=settings.media_root)
    except LtrError as error:
        if isinstance(error, ClusterError) and error.retryable and self.request.retries < RETRIES:
            raise self.retry(exc=error, countdown=2**self.request.retries) from None
        log.error("%s: %s; index %s, products %s", GIVEN_UP, error, index, " ".join(ids))  # noqa: TRY400
        return
    log.info("%s: %s", index, report)
    for id_, reason in report.refused.items():
        log.error("%s: vectors of product %s: %s", REFUSED, id_, reason)


@app.task(name="ltr.sweep")  # type: ignore[untyped-decorator]
def sweep_task(index: str) -> None:
    """Sends everything that lacks a current vector once more."""
    log.info("%s: sent %d products", index, send_backlog(ProductIndex(_cluster(), index)))


def send_backlog(index: ProductIndex, batch: int = BATCH, *, queue: Celery = app) -> int:
    """Sends the ids of the products that lack a current vector to the workers; returns how many."""
    sent, waiting = 0, index.backlog_ids()
    while ids := list(islice(waiting, batch)):
        queue.send_task(embed_task.name, [index.name, ids])
        sent += len(ids)
    return sent


@cache
def _cluster() -> Cluster:
    return connect()
