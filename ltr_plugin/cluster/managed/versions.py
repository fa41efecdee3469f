"""Indices with a version in their name, behind an alias that is switched in one call."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import get_index
from ltr_plugin.cluster.managed.analysis_check import analyzer_refused
from ltr_plugin.cluster.managed.analysis_choices import choices_of, choose_analysis
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.mapping import NO_SCHEMA, index_body, is_made_here, schema_meta
from ltr_plugin.cluster.managed.schema_check import schema_problems
from ltr_plugin.cluster.names import require_name, write_alias
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.state import VERSIONS, StateIndex
from ltr_plugin.errors import ClusterError, InputError

WRITE_BLOCKED = "index write (api)"
"""A part of the error of a write to an index whose writes are blocked."""

_VERSION = re.compile(r"(.+)-v[0-9]+")

_ALIAS_MOVED = ("aliases_not_found_exception", "illegal_state_exception", "index_not_found_exception")

_INHERITED_SETTINGS = ("number_of_shards", "number_of_replicas", "refresh_interval")


@dataclass(frozen=True)
class IndexOptions:
    """How a version of an index is made: its declared fields and languages, its shards, and the copies of each.

    None stands for what the active version has, or without one for the default: no declared fields, English, one shard,
    and as many copies as the cluster makes. `words` are those of the catalog that fills the version: the parts of its
    compounds are looked for among them.
    """

    schema: CatalogSchema | None = None
    shards: int | None = None
    replicas: int | None = None
    words: tuple[str, ...] = ()


NO_OPTIONS = IndexOptions()


def open_or_create(
    cluster: Cluster,
    alias: str,
    vectors: Sequence[VectorField],
    media_root: Path,
    options: IndexOptions = NO_OPTIONS,
) -> ManagedIndex:
    """The index behind `alias` if it has these vectors, else another version (see `create_next_version`)."""
    current = active_index(cluster, alias)
    if current is not None and set(current.vectors) == set(vectors):
        return current
    root = current.media_roots.main if current else media_root
    return create_next_version(cluster, alias, vectors, root, options=options)


def create_next_version(
    cluster: Cluster,
    alias: str,
    vectors: Sequence[VectorField],
    media_root: Path,
    *,
    catalog: Path | None = None,
    options: IndexOptions = NO_OPTIONS,
) -> ManagedIndex:
    """A version with these vectors that is not the one behind `alias`: an existing one, else a new one.

    A version that is filled from a `catalog` file alone is used again for that file only: two files, or a file and a
    change of encoders, never fill the same version. A new one gets the refresh interval of the one behind the alias,
    and what `options` leave out. The alias stays as it is.
    """
    made_for = {"catalog": str(catalog.resolve())} if catalog else {}
    while True:
        current, names = resolve_alias(cluster, alias), versions(cluster, alias)
        schema = options.schema or _schema_of(cluster, current)
        if problems := schema_problems(schema):
            raise InputError("profile", problems)
        for name in reversed(names):
            index = _open_or_none(cluster, name) if name != current else None
            if index and not is_made_with(index, options):
                continue
            if index and index.mapping["_meta"].get("catalog") == made_for.get("catalog") and (
                set(index.vectors), index.media_roots.main, schema_meta(index.schema)
            ) == (set(vectors), media_root.resolve(), schema_meta(schema)):  # fmt: skip
                return index
        name = next_name(alias, names)
        before = cluster.call("GET", f"/{current}")[current] if current else None
        choices = choose_analysis(cluster, schema, before and choices_of(before, schema), options.words)
        body = index_body(cluster.engine, vectors, media_root, schema=schema, choices=choices)
        body["aliases"] = {write_alias(name): {"is_hidden": True}}
        body["mappings"]["_meta"] |= made_for
        if before:
            settings = before["settings"]["index"]
            body["settings"]["index"] |= {key: settings[key] for key in _INHERITED_SETTINGS if key in settings}
        stated = {"number_of_shards": options.shards, "number_of_replicas": options.replicas}
        body["settings"]["index"] |= {key: count for key, count in stated.items() if count is not None}
        body["mappings"]["_meta"]["shards"] = int(body["settings"]["index"]["number_of_shards"])
        try:
            cluster.call("PUT", f"/{name}", body)
        except ClusterError as error:
            if error.error_type != "resource_already_exists_exception":
                raise analyzer_refused(cluster, error, schema) or error from None
            continue  # another command was first with this number
        return ManagedIndex.open(cluster, name)


def is_made_with(index: ManagedIndex, options: IndexOptions) -> bool:
    """Whether a version has all that the options state."""
    settings = index_settings(index)
    stated = {"number_of_shards": options.shards, "number_of_replicas": options.replicas}
    same = all(count is None or int(settings[key]) == count for key, count in stated.items())
    return same and (options.schema is None or schema_meta(options.schema) == schema_meta(index.schema))


def index_settings(index: ManagedIndex) -> dict[str, Any]:
    """The settings of a version, as the cluster has them below `index`."""
    settings: dict[str, Any] = index.cluster.call("GET", f"/{index.name}/_settings")[index.name]["settings"]["index"]
    return settings


def next_name(alias: str, names: Sequence[str]) -> str:
    """The name of an index's next version, beside these."""
    return f"{alias}-v{max(map(_version_number, names), default=0) + 1}"


def active_index(cluster: Cluster, alias: str) -> ManagedIndex | None:
    """The index behind an alias; None when there is none, or one of an older layout, which the next version replaces.

    InputError for a name that no index made here can have, or that belongs to another index.
    """
    require_name("index", alias, lower_case=True)
    try:
        index = ManagedIndex.open(cluster, alias)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise
    except InputError:
        _, body = get_index(cluster, alias)
        if not is_made_here(body["mappings"].get("_meta", {})):
            raise
        index = None  # of an older layout
    name = index.name if index else resolve_alias(cluster, alias)
    if index and alias == index.name and (version := _VERSION.fullmatch(alias)):
        raise InputError(f"index {alias}", f"is a version of {version[1]}; use that name")
    if name and not _is_version(name, alias):
        raise InputError(
            f"index {alias}", f"this alias belongs to {name}, which is no version of it; choose another name"
        )
    return index


def resolve_alias(cluster: Cluster, alias: str) -> str | None:
    """The index behind an alias, or None; InputError for a name that no index can have."""
    require_name("index", alias)
    try:
        # Of this name alone: OpenSearch answers `/_alias/NAME` only to users with a right on all indices.
        found = cluster.call("GET", f"/{alias}/_alias")
        return next((name for name, body in found.items() if alias in body["aliases"]), None)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def require_made_here(cluster: Cluster, alias: str) -> None:
    """InputError unless this library made all that `versions` names, or without one the index of this name."""
    names = versions(cluster, alias) or [get_index(cluster, alias)[0]]
    for name, body in cluster.call("GET", f"/{','.join(names)}/_mapping", ignore_unavailable=True).items():
        if not is_made_here(body["mappings"].get("_meta", {})):
            raise InputError(f"index {alias}", f"{name} was not made by `ltr index create`, and is only read")


def versions(cluster: Cluster, alias: str) -> list[str]:
    """All versions of an index, oldest first, whichever of them the alias points to."""
    names = cluster.call("GET", f"/{alias}-v*/_settings/index.uuid")
    return sorted((name for name in names if _is_version(name, alias)), key=_version_number)


def switch_alias(cluster: Cluster, alias: str, index: str, previous: str | None = None) -> None:
    """Points `alias` from `previous` (None: from nowhere) to `index` in one atomic call.

    ClusterError of status 409 when another command has pointed it elsewhere: an alias never stands on two versions.
    """
    _update_alias(cluster, alias, previous, index)


def delete_versions(cluster: Cluster, alias: str, active: str | None, names: Sequence[str]) -> None:
    """Deletes versions in one atomic call, provided that the alias still points to `active`, which is none of them.

    ClusterError of status 409 when another command has pointed it elsewhere: it might be one of them.
    """
    _update_alias(cluster, alias, active, active, [{"remove_index": {"index": name}} for name in names])


def _update_alias(
    cluster: Cluster, alias: str, previous: str | None, index: str | None, more: Sequence[dict[str, Any]] = ()
) -> None:
    # the cluster refuses to remove an alias from an index that lacks it, and a second write index of an alias
    remove = [{"remove": {"index": previous, "alias": alias, "must_exist": True}}] if previous else []
    add = [{"add": {"index": index, "alias": alias, "is_write_index": True}}] if index else []
    try:
        cluster.call("POST", "/_aliases", {"actions": [*remove, *add, *more]})
    except ClusterError as error:
        if error.error_type not in _ALIAS_MOVED:
            raise
        raise ClusterError(
            f"index {alias}: another command has switched or deleted a version of it; run this command again",
            status=409,
        ) from None


def read_notes(index: ManagedIndex) -> dict[str, Any]:
    """What is noted on a version, as it is now: `previous_index` and `synced_from` (see `sync`)."""
    return StateIndex(index.cluster, VERSIONS).get(index.uuid)


def write_notes(index: ManagedIndex, **notes: Json) -> None:
    """Sets these notes on a version; the others stay."""
    StateIndex(index.cluster, VERSIONS).merge(index.uuid, index=index.name, **notes)


@contextmanager
def block_writes(cluster: Cluster, name: str) -> Iterator[None]:
    """Blocks writes to an index: everything written before can be read after a refresh.

    Writes stay blocked when the body succeeds, because a version that is no longer active must not get late writes; an
    error in the body unblocks them, unless another command has switched the alias. Writers find WRITE_BLOCKED in the
    error, and resolve the alias again.
    """
    cluster.call("PUT", f"/{name}/_block/write")
    try:
        yield
    except BaseException:
        version = _VERSION.fullmatch(name)
        if version is None or resolve_alias(cluster, version[1]) in (None, name):
            unblock_writes(cluster, name)
        raise


def unblock_writes(cluster: Cluster, name: str) -> None:
    """Unblocks writes to an index."""
    cluster.call("PUT", f"/{name}/_settings", {"index.blocks.write": None})


def writes_blocked(cluster: Cluster, name: str) -> bool:
    """Whether writes to an index are blocked."""
    settings = cluster.call("GET", f"/{name}/_settings", flat_settings=True)[name]["settings"]
    return settings.get("index.blocks.write") == "true"  # type: ignore[no-any-return]


def _schema_of(cluster: Cluster, name: str | None) -> CatalogSchema:
    """The schema of an index, whose layout may be an older one; that of no declared fields without a name."""
    index = _open_or_none(cluster, name) if name else None
    return index.schema if index else NO_SCHEMA


def _open_or_none(cluster: Cluster, name: str) -> ManagedIndex | None:
    try:
        return ManagedIndex.open(cluster, name)
    except InputError:
        return None


def _is_version(name: str, alias: str) -> bool:
    return name.startswith(f"{alias}-v") and name.removeprefix(f"{alias}-v").isdigit()


def _version_number(name: str) -> int:
    return int(name.rpartition("-v")[2])
