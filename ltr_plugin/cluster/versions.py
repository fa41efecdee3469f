"""Indices with a version in their name, behind an alias that is switched in one call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.mapping import index_body
from ltr_plugin.errors import ClusterError, InputError

WRITE_BLOCKED = "index write (api)"
"""Stands in the reason why a version that takes no writes did not take one."""

_INHERITED_SETTINGS = ("number_of_shards", "number_of_replicas", "refresh_interval")


def open_or_create(cluster: Cluster, alias: str, vectors: Sequence[VectorField], media_root: Path) -> Index:
    """The index behind `alias` if its vectors are the wanted ones, else a version beside it (see `create_next_version`)."""
    current = active_index(cluster, alias)
    if current is not None and set(current.vectors) == set(vectors):
        return current
    return create_next_version(cluster, alias, vectors, current.media_roots.main if current else media_root)


def create_next_version(cluster: Cluster, alias: str, vectors: Sequence[VectorField], media_root: Path) -> Index:
    """A version with these vectors that is not the one behind `alias`: one that is there already, else a new one.

    A new one takes shards, replicas and refresh interval over from the one behind the alias. The alias stays as it is.
    """
    current, names = resolve_alias(cluster, alias), versions(cluster, alias)
    for name in reversed(names):
        index = _open_or_none(cluster, name) if name != current else None
        if index and set(index.vectors) == set(vectors) and index.media_roots.main == media_root.resolve():
            return index
    body = index_body(vectors, media_root)
    if current:
        settings = cluster.call("GET", f"/{current}/_settings")[current]["settings"]["index"]
        body["settings"]["index"] |= {key: settings[key] for key in _INHERITED_SETTINGS if key in settings}
    name = f"{alias}-v{max(map(_version_number, names), default=0) + 1}"
    cluster.call("PUT", f"/{name}", body)
    return Index(cluster, name)


def active_index(cluster: Cluster, alias: str) -> Index | None:
    """The index behind an alias; None when there is none, or one of an older layout, which the next version replaces.

    InputError when the alias belongs to an index that was not made here.
    """
    try:
        index = Index(cluster, alias)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise
    except InputError:  # not of the current layout: an older version of ours, or another's index
        index = None
    name = index.name if index else resolve_alias(cluster, alias)
    if name and not _is_version(name, alias):
        raise InputError(
            f"index {alias}", f"this alias belongs to {name}, which this library did not make; choose another name"
        )
    return index


def resolve_alias(cluster: Cluster, alias: str) -> str | None:
    """The index behind an alias, or None."""
    try:
        return next(iter(cluster.call("GET", f"/_alias/{alias}")), None)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def versions(cluster: Cluster, alias: str) -> list[str]:
    """All versions of an index, oldest first, whichever of them the alias points to."""
    found = cluster.call("GET", f"/{alias}-v*/_settings/index.uuid")
    return sorted((name for name in found if _is_version(name, alias)), key=_version_number)


def switch_alias(cluster: Cluster, alias: str, index: str) -> str | None:
    """Points `alias` to `index` in one atomic call; returns the index it pointed to before, if any."""
    before = resolve_alias(cluster, alias)
    if before != index:
        removal = [{"remove": {"index": before, "alias": alias}}] if before else []
        cluster.call("POST", "/_aliases", {"actions": [*removal, {"add": {"index": index, "alias": alias}}]})
    return before


def read_meta(cluster: Cluster, name: str) -> dict[str, Any]:
    """What is noted about an index, beside what made it."""
    meta: dict[str, Any] = cluster.call("GET", f"/{name}/_mapping")[name]["mappings"].get("_meta", {})
    return meta


def write_meta(cluster: Cluster, name: str, **meta: object) -> None:
    """Notes facts about an index, replacing those of the same names."""
    cluster.call("PUT", f"/{name}/_mapping", {"_meta": {**read_meta(cluster, name), **meta}})


def allow_media_root(index: Index, folder: Path) -> Index:
    """The index, allowed to take media from a folder too."""
    if index.media_roots.contains(folder):
        return index
    write_meta(
        index.cluster, index.name, extra_media_roots=[*map(str, index.media_roots.others), str(folder.resolve())]
    )
    return Index(index.cluster, index.alias)


@contextmanager
def block_writes(cluster: Cluster, name: str) -> Iterator[None]:
    """While the block runs, an index takes no writes: all that it took before can be read after a refresh.

    It stays so when the block ends well, for a version that was left behind must not take late writes; it is released
    when the block fails. Who writes finds HELD in the reason, and looks up where the alias points now.
    """
    cluster.call("PUT", f"/{name}/_block/write")
    try:
        yield
    except BaseException:
        unblock_writes(cluster, name)
        raise


def unblock_writes(cluster: Cluster, name: str) -> None:
    """Lets an index take writes again."""
    cluster.call("PUT", f"/{name}/_settings", {"index.blocks.write": None})


def writes_blocked(cluster: Cluster, name: str) -> bool:
    """Whether an index takes no writes."""
    settings = cluster.call("GET", f"/{name}/_settings", flat_settings=True)[name]["settings"]
    return settings.get("index.blocks.write") == "true"  # type: ignore[no-any-return]


def _open_or_none(cluster: Cluster, name: str) -> Index | None:
    try:
        return Index(cluster, name)
    except InputError:
        return None


def _is_version(name: str, alias: str) -> bool:
    return name.startswith(f"{alias}-v") and name.removeprefix(f"{alias}-v").isdigit()


def _version_number(name: str) -> int:
    return int(name.rpartition("-v")[2])
