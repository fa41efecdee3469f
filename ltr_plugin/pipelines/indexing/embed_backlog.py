"""The vectors that an index lacks, made by the workers; then its name is moved to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.sync import cut_over, sync, synced_from
from ltr_plugin.cluster.managed.versions import (
    active_index,
    resolve_alias,
)
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_plugin.pipelines.indexing.local_worker import LocalWorker


def embed_backlog(
    settings: Settings,
    index: ManagedIndex,
    pending_alias: str | None = None,
    *,
    already_sent: bool = False,
    progress: Progress = no_progress,
) -> ManagedIndex:
    """Has every product embedded that lacks a current vector, and returns the index that is active then.

    With `pending_alias`, the alias is pointed to this version afterwards; products that changed in the active version
    meanwhile are copied first, the last of them while writes are blocked.

    Products whose media cannot be read now stay in the backlog (see `ManagedIndex.unavailable`); the alias moves all
    the same.
    With a broker, its workers embed; what is `already_sent` to them is not sent again. Without a broker, a local worker
    runs for the length of this call. A call after an interruption continues: the index says which vectors are missing.
    """
    since = time.time()
    worked = _embed(settings, index, progress, since, already_sent=already_sent)
    alias = pending_alias or index.alias
    if pending_alias and resolve_alias(index.cluster, alias) != index.name:
        active = active_index(index.cluster, alias)
        if active and synced_from(index, active):
            sync(active, index)
            _embed(settings, index, progress, since)
        cut_over(index.cluster, alias, index)
        _embed(settings, index, progress, since)
    return ManagedIndex.open(index.cluster, alias) if worked or pending_alias else index


def require_broker(settings: Settings) -> None:
    """InputError without a broker: no worker would take the tasks after this command."""
    if not settings.broker_url:
        raise InputError(
            "--no-wait", "needs workers that take the tasks: set LTR_BROKER_URL and start them (`ltr worker`)"
        )


@contextmanager
def temporary_worker(settings: Settings, *media_roots: Path) -> "Iterator[LocalWorker | None]":
    """A local worker while the block runs; None where a broker is configured, whose workers do the work.

    The local worker may read the media of these folders too.
    """
    from ltr_plugin.pipelines.indexing.local_worker import local_worker

    if settings.broker_url:
        yield None
        return
    roots = (*settings.media_root, *media_roots)
    with local_worker(settings.model_copy(update={"media_root": roots})) as worker:
        yield worker


def _embed(
    settings: Settings, index: ManagedIndex, progress: Progress, since: float, *, already_sent: bool = False
) -> bool:
    """Whether any vector was missing."""
    from ltr_plugin.broker.messages import celery_client
    from ltr_plugin.pipelines.indexing.local_worker import drain

    index.refresh()
    if not index.backlog(untried_since=since):
        return False
    with temporary_worker(settings, *index.media_roots.allowed) as worker:
        client = worker.client if worker else celery_client(settings)
        drain(index, client, worker=worker, progress=progress, send=not (already_sent and worker is None), since=since)
    return True
