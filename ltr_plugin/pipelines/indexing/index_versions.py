"""Versions of one index: the next one filled beside the active one, rollback, and deletion of old ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.mapping import LAYOUT_VERSION
from ltr_plugin.cluster.managed.sync import cut_over, sync, synced_from
from ltr_plugin.cluster.managed.versions import (
    NO_OPTIONS,
    IndexOptions,
    active_index,
    create_next_version,
    delete_versions,
    read_notes,
    require_made_here,
    resolve_alias,
    unblock_writes,
    versions,
    writes_blocked,
)
from ltr_plugin.cluster.profiles import indices_with_profiles
from ltr_plugin.errors import InputError, counted
from ltr_plugin.pipelines.indexing.compounds import products_of, with_words
from ltr_plugin.progress import Progress, no_progress


@dataclass(frozen=True)
class RollbackResult:
    """A rollback from the version `previous` to `index`; `synced` if products of the former were copied first."""

    previous: str
    index: str
    synced: bool


@dataclass(frozen=True)
class Version:
    """One version of an index: its size, and whether it is the active one."""

    name: str
    products: int
    bytes: int
    active: bool


def build_next_version(
    cluster: Cluster,
    alias: str,
    vectors: Sequence[VectorField],
    *,
    options: IndexOptions = NO_OPTIONS,
    progress: Progress = no_progress,
) -> ManagedIndex:
    """Another version of an index, with these vector fields and options, and all products of the active version.

    Vectors of fields that both have are copied; `embed_backlog` has the others made, and moves the alias. A version
    that an interrupted call left behind, or that was active before, is used again. InputError when there is no index.
    """
    current = active_index(cluster, alias)
    if current is None:
        raise InputError(
            f"index {alias}", "does not exist, so it has no products to copy; write a catalog with `ltr catalog put`"
        )
    options = with_words(options, options.schema or current.schema, products_of(current))
    target = create_next_version(cluster, alias, vectors, current.media_roots.main, options=options)
    sync(current, target, progress=progress)
    target.refresh()
    return target


def rollback_index(cluster: Cluster, alias: str, *, progress: Progress = no_progress) -> RollbackResult:
    """Points an alias to the version that was active before.

    After a change of encoders, products that have changed since are copied first; a version that was replaced by
    another catalog comes back as it was. A second call undoes the first. InputError when no version was active before.
    """
    current = active_index(cluster, alias)
    previous = read_notes(current).get("previous_index") if current else None
    if current is None or previous not in versions(cluster, alias):
        name = current.name if current else resolve_alias(cluster, alias)
        raise InputError(f"index {alias}", f"{name} has no version before it" if name else "there is no such index")
    target = ManagedIndex.open(cluster, previous)
    synced = synced_from(target, current)
    if synced:
        sync(current, target, progress=progress)
    cut_over(cluster, alias, target)
    target.refresh()
    return RollbackResult(current.name, previous, synced)


def list_versions(cluster: Cluster, alias: str) -> list[Version]:
    """All versions of an index, oldest first; InputError for one that this library did not make."""
    require_made_here(cluster, alias)
    stats = cluster.call("GET", f"/{alias}-v*/_stats/store")["indices"]
    active_name = resolve_alias(cluster, alias)
    return [
        Version(
            name,
            # not what the statistics count, which includes the nested documents of several photos
            int(cluster.call("GET", f"/{name}/_count")["count"]),
            stats[name]["total"]["store"]["size_in_bytes"],
            name == active_name,
        )
        for name in versions(cluster, alias)
    ]


def drop_index(cluster: Cluster, alias: str) -> list[str]:
    """Deletes an index with all its versions, and returns their names; nothing brings it back.

    InputError for an index that this library did not make.
    """
    require_made_here(cluster, alias)
    dropped = versions(cluster, alias)
    for name in dropped:
        cluster.call("DELETE", f"/{name}", ignore_unavailable=True)
    return dropped


def drop_inactive_versions(cluster: Cluster, alias: str) -> list[str]:
    """Deletes all versions but the active one, and returns their names; no rollback is possible afterwards.

    A change of encoders that is not finished is cancelled. InputError for an index that this library did not make;
    ClusterError of status 409 when another command switches the
    alias at this moment: nothing is deleted then.
    """
    require_made_here(cluster, alias)
    active_name = resolve_alias(cluster, alias)
    dropped = [name for name in versions(cluster, alias) if name != active_name]
    if dropped:
        delete_versions(cluster, alias, active_name, dropped)
    if active_name and writes_blocked(cluster, active_name):
        unblock_writes(cluster, active_name)
    return dropped


@dataclass(frozen=True)
class IndexSummary:
    """An index by its name: the active version, its products, the encoder of each vector field, other versions."""

    name: str
    version: str
    products: int
    vectors: dict[str, str]
    other_versions: tuple[str, ...]

    def to_summary(self) -> str:
        """Lines for a person."""
        lines = [f"{self.name}: {counted(self.products, 'product')} in {self.version}"]
        lines += [f"  {field}  {encoder}" for field, encoder in self.vectors.items()]
        lines += [f"  other versions: {', '.join(self.other_versions)}"] if self.other_versions else []
        return "\n".join(lines)


def list_indices(cluster: Cluster) -> tuple[list[IndexSummary], list[str]]:
    """The indices that were made here and have the current layout, and the names of a shop's own that the cluster keeps
    profiles for; both by name."""
    mappings = cluster.call("GET", "/_mapping", filter_path="*.mappings._meta")
    metas = {name: body["mappings"]["_meta"] for name, body in mappings.items()}
    made_here = {name: meta for name, meta in metas.items() if meta.get("layout_version") == LAYOUT_VERSION}
    summaries = []
    aliases = cluster.call("GET", "/_alias")
    for version, body in aliases.items():
        for alias in (
            name for name, how in body["aliases"].items() if version in made_here and not how.get("is_hidden")
        ):
            others = sorted(name for name in made_here if name != version and name.rpartition("-v")[0] == alias)
            vectors = {entry["name"]: entry["encoder"] for entry in made_here[version]["vectors"]}
            products = int(cluster.call("GET", f"/{version}/_count")["count"])
            summaries.append(IndexSummary(alias, version, products, vectors, tuple(others)))
    elsewhere = [name for name in aliases if "layout_version" not in metas.get(name, {})]
    there = {one for name in elsewhere for one in (name, *aliases[name]["aliases"])}
    own = indices_with_profiles(cluster) & there
    return sorted(summaries, key=lambda one: one.name), sorted(own)
