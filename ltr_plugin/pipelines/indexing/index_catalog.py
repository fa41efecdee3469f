"""A catalog file into an index: text at once, vectors by the workers, and the alias when all vectors are made."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltr_plugin.batches import batched
from ltr_plugin.catalog.changes import CHANGES_PER_CALL, Change
from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.index import NOT_FOUND, ManagedIndex
from ltr_plugin.cluster.managed.mapping import schema_meta
from ltr_plugin.cluster.managed.pruning import delete_unchanged, ids_without, snapshot_without
from ltr_plugin.cluster.managed.scripts import STALE
from ltr_plugin.cluster.managed.sync import copy_reembed_nonces, copy_vectors, cut_over
from ltr_plugin.cluster.managed.versions import (
    NO_OPTIONS,
    IndexOptions,
    active_index,
    create_next_version,
    open_or_create,
    resolve_alias,
    switch_alias,
    unblock_writes,
    write_notes,
)
from ltr_plugin.errors import ClusterError, InputError, Problem, counted
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.pipelines.encoder_selection import EncoderSelection, vector_fields_for
from ltr_plugin.pipelines.indexing.compounds import finds_parts, with_words
from ltr_plugin.pipelines.indexing.index_versions import build_next_version
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class IndexResult:
    """What became of a catalog: how many changes were `written`, which were `refused`, which lines were skipped because
    they are invalid, how many products were pruned because the catalog does not have them, and how many changes were
    `stale`: older than the last change of their product.

    `index` is the version that has the products now. `pending_alias` is the alias that is to point to it once its
    vectors are made, where this call filled the version beside the active one (see `embed_backlog`). `made` is true
    where there was no index.
    """

    index: ManagedIndex
    pending_alias: str | None
    written: int
    refused: list[Problem] = field(default_factory=list)
    invalid_lines: list[Problem] = field(default_factory=list)
    pruned: int = 0
    stale: int = 0
    made: bool = False


def write_catalog(
    cluster: Cluster,
    catalog: Path,
    alias: str,
    vectors: Sequence[VectorField] | EncoderSelection,
    *,
    origin: Path | None = None,
    media: Path | None = None,
    update: bool = False,
    prune: bool = False,
    replace: bool = False,
    skip_invalid: bool = False,
    options: IndexOptions = NO_OPTIONS,
    progress: Progress = no_progress,
) -> IndexResult:
    """Adds a catalog's products to an index, which is made if it does not exist; their words can be found at once.

    Products of other catalogs stay, unless `prune` deletes those that this catalog does not have; what somebody changes
    during this call stays too. With `update`, its lines give some fields new values. With `replace`, or where an
    earlier release made the index, nothing changes for shoppers yet: a version of this catalog alone is filled beside
    the active one. `vectors` are the vector fields that the index is to have, or the encoders that make them; where
    they differ from those of the index, the next version is filled with all its products (`build_next_version`).
    `options` say how an index or a version is made. If another command moves the alias meanwhile, the rest is written
    to the version that is active then.

    `origin` is the file that the catalog was made of, if another one: a feed, which stays where a catalog made of it is
    temporary. Relative media lie in the folder `media`, or without it in that of the origin.

    InputError lists every wrong line before anything is written, unless `skip_invalid`; an empty catalog is one where
    it would delete everything, and so is a schema that is not that of the index, unless `replace`. ClusterError for
    updates of an index that does not exist. A call after an interruption writes only what differs.
    """
    origin = origin or catalog
    current = active_index(cluster, alias)  # before a large file is checked: `vectors` are chosen by what is active now
    if isinstance(vectors, EncoderSelection):
        vectors = vector_fields_for(cluster, alias, vectors, current, options.schema)
    if options.schema and current and not replace:
        require_schema(current, options.schema)
    schema = options.schema or (current.schema if current else CatalogSchema())
    types = product_types(schema)
    lines: JsonLines[Change] = JsonLines(catalog, types.of("update" if update else "put"))
    total, invalid = lines.check()
    if invalid and prune:
        wrong = f"{counted(len(invalid), 'line')} of {catalog} cannot be read"
        raise InputError("--prune", f"{wrong}, so its products are not all known")
    if not total and (prune or replace):
        raise InputError(
            str(origin), "has no product, so nothing would be left; `ltr index drop --all` deletes an index"
        )
    if update and current is None:
        ManagedIndex.open(cluster, alias)  # says what is wrong with it
    changes = lines.read(skip_invalid=skip_invalid or not invalid)  # a checked file is not parsed for it again
    folder = media or origin.parent
    new_version = replace or (current is None and resolve_alias(cluster, alias) is not None)
    if new_version or current is None or (finds_parts(schema) and not current.count()):
        options = with_words(options, schema, lines.read(skip_invalid=True))
    if new_version:
        target = create_next_version(cluster, alias, vectors, folder, catalog=origin, options=options)
        unblock_writes(cluster, target.name)
        write_notes(target, synced_from=None)
    elif current and options.words:  # it is empty: its compounds are split into words of this catalog
        cut_over(cluster, alias, build_next_version(cluster, alias, current.vectors, options=options))
        target = ManagedIndex.open(cluster, alias)
    else:
        target = current or ensure_index(cluster, alias, vectors, folder, options)
    others = snapshot_without(target, _ids(lines.read(skip_invalid=True))) if prune or new_version else {}
    ids, refused, stale = _write(target, changes, folder, total, progress)
    # another version than at the start, if another command moved the alias
    index = target.allow_media(folder).reopened()
    pruned = delete_unchanged(index, others)
    if new_version and current:
        for group in batched(ids, CHANGES_PER_CALL):
            copy_reembed_nonces(current, target, group)
            copy_vectors(current, target, group)
    if set(vectors) not in (set((current or target).vectors), set(index.vectors)):
        index, new_version = build_next_version(cluster, alias, vectors, progress=progress).allow_media(folder), True
    index.refresh()
    written = total - len(refused) - stale
    return IndexResult(
        index, alias if new_version else None, written, refused, list(invalid), pruned, stale, made=current is None
    )


def require_schema(index: ManagedIndex, schema: CatalogSchema) -> None:
    """InputError unless the index has these declared fields and languages; its synonyms change by themselves."""
    if schema_meta(index.schema, synonyms=False) != schema_meta(schema, synonyms=False):
        raise InputError(
            f"index {index.alias}",
            "has other fields or languages than the profile declares; `ltr index create "
            f"{index.alias} --profile FILE` makes its next version with these, from its own products",
        )


def ensure_index(
    cluster: Cluster,
    alias: str,
    vectors: Sequence[VectorField],
    media: Path,
    options: IndexOptions = NO_OPTIONS,
) -> ManagedIndex:
    """The index behind an alias, whatever it has; where there is none, a new one with these vectors, at once.

    InputError when the alias belongs to an index that was not made here, or that an earlier release made.
    """
    if index := active_index(cluster, alias):
        return index
    if resolve_alias(cluster, alias) is None:
        made = open_or_create(cluster, alias, vectors, media, options)
        try:
            switch_alias(cluster, alias, made.name)
        except ClusterError as error:
            if error.status != 409:  # else another command made the index first
                raise
    return ManagedIndex.open(cluster, alias)


def missing_from_catalog(index: ManagedIndex, catalog: Path) -> list[str]:
    """The ids of an index's products that a catalog does not have, in order: what `prune` deletes."""
    return ids_without(index, _ids(JsonLines(catalog, index.product_types.entry).read()))


def _write(
    target: ManagedIndex, changes: Iterator[Change], folder: Path, total: int, progress: Progress
) -> tuple[list[str], list[Problem], int]:
    """The ids of the products that exist afterwards, what was refused, and how many changes were stale."""
    ids: list[str] = []
    refused: list[Problem] = []
    stale = done = 0
    media_roots = Settings.from_env().media_root
    # a large catalog takes so long to check and to write that the alias may move, and old versions may be dropped
    just_opened = total <= CHANGES_PER_CALL and not media_roots
    for group in batched(changes, CHANGES_PER_CALL):
        index = target if just_opened else ManagedIndex.open(target.cluster, target.alias, media_roots=media_roots)
        errors = apply_changes(index, group, folder=folder)
        stale += errors.count(STALE)
        refused += (
            Problem(f"product {one.id}", error)
            for one, error in zip(group, errors, strict=True)
            if error not in (None, STALE, NOT_FOUND)
        )
        ids += (one.id for one in group if not getattr(one, "deleted", False))
        done += len(group)
        progress(done, total)
    return ids, refused, stale


def _ids(changes: Iterable[Change]) -> set[str]:
    """The ids of the products that exist after these changes."""
    return {one.id for one in changes if not getattr(one, "deleted", False)}
