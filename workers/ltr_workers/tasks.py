"""The tasks that embed and sweep. Their arguments are names and ids only: the facts are read from the index."""

import logging
import random
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from ltr_plugin.broker.messages import EMBED_TASK, SWEEP_TASK, TASK_FAILED, WRITE_REFUSED
from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import writes_blocked
from ltr_plugin.errors import BrokerError, ClusterError, EncoderUnavailableError, InputError, LtrError
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK, enqueue_lost, enqueue_missing
from ltr_plugin.settings import Settings
from ltr_workers.celery import app
from ltr_workers.in_flight import deduplicate
from ltr_workers.logs import bind_log_context
from ltr_workers.memory import freeze_gc

MAX_RETRIES = 8
MAX_RETRY_DELAY_S = 60

log = logging.getLogger(__name__)


@app.task(name=EMBED_TASK, bind=True, max_retries=MAX_RETRIES)  # type: ignore[untyped-decorator]
def embed_task(self: Any, index: str, ids: list[str], source: Modality | None = None) -> None:  # noqa: ANN401
    """Gives these products of an index the vectors of one modality that they lack.

    A message without a modality, or with more products than one task should take, is forwarded in parts.
    """
    from ltr_workers.metrics import TASKS

    outcome = TASKS.labels
    with (
        deduplicate(self.request.id) as first,
        bind_log_context(task=EMBED_TASK, task_id=self.request.id, index=index, source=source),
    ):
        if not first:
            log.info("delivered again by the broker while it is being worked on: dropped")
            outcome(EMBED_TASK, "duplicate").inc()
            return
        try:
            _check(index, ids, source)
            roots = Settings.from_env().media_root
            redelivered = bool((self.request.delivery_info or {}).get("redelivered"))
            opened = ManagedIndex.open(worker_cluster(), index, media_roots=roots)
            outcome(EMBED_TASK, _embed(opened, ids, source, redelivered=redelivered)).inc()
        except LtrError as error:
            if _is_transient(error) and self.request.retries < MAX_RETRIES:
                pause_s = random.uniform(0.5, 1) * min(2 ** (1 + self.request.retries), MAX_RETRY_DELAY_S)  # noqa: S311
                log.warning("%s; retried in %.0f s", error, pause_s)
                outcome(EMBED_TASK, "retried").inc()
                raise self.retry(exc=error, countdown=pause_s) from None
            outcome(EMBED_TASK, "failed").inc()
            log.error("%s: %s; index %s, products %s", TASK_FAILED, error, index, " ".join(map(str, ids)))  # noqa: TRY400
        except Exception as error:  # an encoder's library may raise anything
            outcome(EMBED_TASK, "failed").inc()
            summary = f"{type(error).__name__}: {error}"  # on the line itself, which a waiting command shows
            log.exception("%s: %s; index %s, products %s", TASK_FAILED, summary, index, " ".join(ids))


@app.task(name=SWEEP_TASK, bind=True)  # type: ignore[untyped-decorator]
def sweep_task(self: Any, index: str) -> None:  # noqa: ANN401
    """Enqueues the products that lack a current vector, except those in a queue or in a worker's hands."""
    from ltr_workers.metrics import TASKS

    with bind_log_context(task=SWEEP_TASK, task_id=self.request.id, index=index):
        try:
            sent = enqueue_lost(ManagedIndex.open(worker_cluster(), index), client=app)
        except LtrError as error:
            TASKS.labels(SWEEP_TASK, "failed").inc()
            log.warning("not swept: %s", error)
        else:
            TASKS.labels(SWEEP_TASK, "done").inc()
            log.info("%s: sent %d products", index, sent, extra={"facts": {"sent": sent}})


def _embed(index: ManagedIndex, ids: Sequence[str], source: Modality | None, *, redelivered: bool) -> str:
    """The outcome: `done`, `forwarded`, or `stale` for a version of the index that no longer takes vectors."""
    from ltr_workers.embedding import embed
    from ltr_workers.metrics import count_task

    if writes_blocked(index.cluster, index.name):
        # logged once, where a command that waits for this version looks; encoding would log it for each product
        log.warning(
            "%s: %s takes no writes; if another version is active, its backlog has these products",
            WRITE_REFUSED,
            index.name,
        )
        return "stale"
    if source is None or len(ids) > PRODUCTS_PER_TASK[source]:
        enqueue_missing(index, ids, source, client=app)
        return "forwarded"
    encoders = {vector.name: vector.fingerprint.digest for vector in index.vectors if vector.source == source}
    with bind_log_context(encoders=encoders):
        began = time.monotonic()
        report = embed(index, ids, source=source, redelivered=redelivered)
        count_task(source, len(ids), report, time.monotonic() - began)
        counts = {key: len(value) if isinstance(value, dict) else value for key, value in vars(report).items()}
        facts = {**counts, "products": len(ids)}
        log.info(
            "%s, %s: %d vectors embedded, %d failed; %d products unavailable, %d with nothing to do, %d refused; "
            "encoder busy %.2f s, waiting %.2f s",
            index.name, source, report.embedded, report.failed, len(report.unavailable), report.skipped,
            len(report.refused), report.encoded_s, report.waited_s, extra={"facts": facts},
        )  # fmt: skip
        freeze_gc(tuple(encoders.values()))
        for id_, reason in report.refused.items():
            log.error("%s: vectors of product %s: %s", WRITE_REFUSED, id_, reason)
        if report.unavailable:
            id_, reason = next(iter(report.unavailable.items()))
            count = len(report.unavailable)
            log.warning(
                "media of %d products cannot be read now, such as of %s: %s; left for later", count, id_, reason
            )
        if report.unreadable:
            id_, reason = next(iter(report.unreadable.items()))
            log.error("%s: product %s: %s; and %d more", TASK_FAILED, id_, reason, len(report.unreadable) - 1)
    return "failed" if report.unreadable else "done"


def _check(index: Any, ids: Any, source: Any) -> None:  # noqa: ANN401 - a message may say anything
    if not isinstance(index, str) or not isinstance(ids, list) or not all(isinstance(id_, str) and id_ for id_ in ids):
        raise InputError(EMBED_TASK, f"{index!r}, {ids!r} is no index with a list of product ids")
    if source is not None and source not in MODALITIES:
        raise InputError(EMBED_TASK, f"{source!r} is none of {', '.join(MODALITIES)}")


def _is_transient(error: LtrError) -> bool:
    return isinstance(error, BrokerError | EncoderUnavailableError) or (
        isinstance(error, ClusterError) and error.retryable
    )


@cache
def worker_cluster() -> Cluster:
    """The cluster with a worker's retry timeout, which counts its retries; one for each process."""
    from ltr_workers.metrics import on_retry

    settings = Settings.from_env()
    return connect(settings=settings, retry_timeout_s=settings.retry_timeout_s, on_retry=on_retry)
