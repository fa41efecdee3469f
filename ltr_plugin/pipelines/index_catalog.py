"""A catalog into the index: words at once, vectors by the workers, the alias when all is there."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.batches import batched
from ltr_plugin.catalog.changes import CatalogEntry, Change, ProductUpdateModel
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.changes import apply_changes
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.sync import copy_reembed_nonces, copy_vectors, cut_over, sync, synced_from
from ltr_plugin.cluster.versions import (
    active_index,
    allow_media_root,
    create_next_version,
    open_or_create,
    resolve_alias,
    switch_alias,
    unblock_writes,
    write_meta,
)
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.pipelines.index_versions import build_next_version
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_plugin.pipelines.local_worker import LocalWorker

BULK_SIZE = 500


@dataclass(frozen=True)
class IndexResult:
    """What became of a catalog: `refused` changes were not made, `invalid_lines` were skipped on demand, `pruned` products
    were deleted because the catalog does not have them. `index` is the version that has the products now; `next_version` names
    it too where this call filled it beside the one that serves, for `embed_backlog` to move the alias to."""

    index: str
    next_version: str | None
    written: int
    refused: list[Problem] = field(default_factory=list)
    invalid_lines: list[Problem] = field(default_factory=list)
    pruned: int = 0


def write_catalog(
    cluster: Cluster,
    catalog: Path,
    alias: str,
    vectors: Sequence[VectorField],
    *,
    media: Path | None = None,
    update: bool = False,
    prune: bool = False,
    replace: bool = False,
    skip_invalid: bool = False,
    progress: Progress = no_progress,
) -> IndexResult:
    """Adds a catalog's products to an index, which is made where there is none; their words can be found at once.

    Products of other catalogs stay, unless `prune` deletes those that this one does not have. With `update`, its lines
    give some fields new values. With `replace`, or where the index has a layout of an earlier release, nothing changes
    for shoppers yet: a version of this catalog alone is filled beside the one that serves. Where `vectors` are not
    those that the index has, the next version is filled with all its products (`build_next_version`). Where another command
    moves the alias meanwhile, what is still to be written goes to the version that serves then.

    Relative media lie in the folder `media`, or without it in the catalog's. InputError lists every wrong line before
    anything is written, unless `skip_invalid`. Run again after an interruption it goes on, and writes only what differs.
    """
    current = active_index(cluster, alias)  # before a large file is checked: `vectors` were chosen by what serves now
    lines: JsonLines[Change] = JsonLines(catalog, ProductUpdateModel if update else CatalogEntry)
    total, bad = lines.check()
    if bad and prune:
        raise InputError("--prune", f"{len(bad)} lines of {catalog} are wrong, so that what it has is not known")
    changes = lines.read(
        skip_invalid=skip_invalid or not bad
    )  # checked already: a large file is not parsed for it again
    folder = media or catalog.parent
    new_version = replace or (current is None and resolve_alias(cluster, alias) is not None)
    if new_version:
        target = create_next_version(cluster, alias, vectors, folder)
        unblock_writes(cluster, target.name)
        write_meta(cluster, target.name, synced_from=None)
    else:
        target = allow_media_root(ensure_index(cluster, alias, vectors, folder), folder)
    name = target.name if new_version else alias
    ids, refused = _write(cluster, name, changes, folder, total, progress)
    pruned = _prune(cluster, name, ids) if prune or new_version else 0
    if new_version and current:
        for group in batched(ids, BULK_SIZE):
            copy_reembed_nonces(current, target, group)
            copy_vectors(current, target, group)
    index = Index.open(cluster, name)  # another version than at the start, where somebody else moved the alias
    if set(vectors) not in (set((current or target).vectors), set(index.vectors)):
        index, new_version = build_next_version(cluster, alias, vectors, progress=progress), True
    index.refresh()
    return IndexResult(index.name, index.name if new_version else None, total - len(refused), refused, bad, pruned)


def ensure_index(cluster: Cluster, alias: str, vectors: Sequence[VectorField], media: Path) -> Index:
    """The index behind an alias, whatever its vectors; where there is none, a new one with these, at once.

    InputError when the alias belongs to an index that was not made here, or that an earlier release made.
    """
    if resolve_alias(cluster, alias) is None:
        switch_alias(cluster, alias, open_or_create(cluster, alias, vectors, media).name)
    return active_index(cluster, alias) or Index.open(cluster, alias)


def missing_from_catalog(index: Index, catalog: Path) -> list[str]:
    """The ids of an index's products that a catalog does not have, in order: what `prune` deletes."""
    return _missing_from_catalog(index, {one.id for one in JsonLines(catalog, CatalogEntry).read() if not one.deleted})


def embed_backlog(
    settings: Settings,
    cluster: Cluster,
    alias: str,
    next_version: str | None = None,
    *,
    already_sent: bool = False,
    progress: Progress = no_progress,
) -> None:
    """Has every product that lacks a current vector embedded, in the version that serves, or in one that was `next_version`
    beside it: the alias is pointed to that one then. The alias is moved for no other.

    With a broker configured its workers do it, and need not be told again what is `already_sent` to them already; without one a
    worker of our own runs for the length of this call. Interrupted at any point, the next call goes on where the index
    says that vectors are lacking. Where the version follows the one that serves, what changed there meanwhile is caught
    up, the last of it while writes are held.
    """
    products = Index.open(cluster, next_version or alias)
    _embed(settings, products, progress, already_sent=already_sent)
    if next_version and resolve_alias(cluster, alias) != next_version:
        current = active_index(cluster, alias)
        if current and synced_from(products, current):
            sync(current, products)
            _embed(settings, products, progress)
        cut_over(cluster, alias, products)
        _embed(settings, products, progress)


def enqueue_backlog(settings: Settings, cluster: Cluster, index: str) -> int:
    """Sends the backlog to the workers of the configured broker and returns how many products that are.

    InputError without a broker.
    """
    from ltr_plugin.broker.messages import celery_client
    from ltr_plugin.pipelines.enqueue import enqueue_backlog

    require_broker(settings)
    return enqueue_backlog(Index.open(cluster, index), client=celery_client(settings))


def require_broker(settings: Settings) -> None:
    """InputError without a broker: nobody would take the tasks."""
    if not settings.broker_url:
        raise InputError("--no-wait", "needs workers that go on after this command: set LTR_BROKER_URL and start them")


@contextmanager
def temporary_worker(settings: Settings) -> "Iterator[LocalWorker | None]":
    """A worker of our own while the block runs; None where a broker is configured, whose workers do the work."""
    from ltr_plugin.pipelines.local_worker import local_worker

    if settings.broker_url:
        yield None
        return
    with local_worker(settings) as worker:
        yield worker


def _write(
    cluster: Cluster, name: str, changes: Iterator[Change], folder: Path, total: int, progress: Progress
) -> tuple[list[str], list[Problem]]:
    """The ids of the products that are there then, and what was refused."""
    ids: list[str] = []
    refused: list[Problem] = []
    done = 0
    media_root = Settings.from_env().media_root
    for group in batched(changes, BULK_SIZE):
        index = Index.open(cluster, name, media_root=media_root)
        errors = apply_changes(index, group, folder=folder)
        refused += (Problem(f"product {one.id}", error) for one, error in zip(group, errors, strict=True) if error)
        ids += (one.id for one in group if not getattr(one, "deleted", False))
        done += len(group)
        progress(done, total)
    return ids, refused


def _missing_from_catalog(index: Index, ids: Collection[str]) -> list[str]:
    index.refresh()
    return [id_ for id_ in index.ids() if id_ not in ids]


def _prune(cluster: Cluster, name: str, ids: Sequence[str]) -> int:
    index = Index.open(cluster, name)
    deletions = [CatalogEntry(id=id_, deleted=True) for id_ in _missing_from_catalog(index, set(ids))]
    found = (apply_changes(index, group) for group in batched(deletions, BULK_SIZE))
    return sum(error is None for results in found for error in results)


def _embed(settings: Settings, products: Index, progress: Progress, *, already_sent: bool = False) -> None:
    from ltr_plugin.broker.messages import celery_client
    from ltr_plugin.pipelines.local_worker import drain

    products.refresh()
    if products.backlog():
        with temporary_worker(settings) as worker:
            client = worker.client if worker else celery_client(settings)
            drain(products, client, worker=worker, progress=progress, send=not (already_sent and worker is None))
