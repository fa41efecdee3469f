"""Indices with a version in their name, behind an alias that is switched in one call."""

from collections.abc import Sequence
from pathlib import Path

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.mapping import index_body
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.errors import ClusterError, InputError


def open_or_create(cluster: Cluster, alias: str, vectors: Sequence[VectorField], media_root: Path) -> ProductIndex:
    """The index behind `alias` if its vectors are the wanted ones, else the next version beside it.

    A next version that an earlier, interrupted call left behind is taken up again. The alias is left as it is.
    InputError when the alias belongs to an index that was not made here.
    """
    versions = _versions(cluster, alias)
    current = aliased(cluster, alias)
    if current is not None and current not in versions:
        raise InputError(
            f"index {alias}", f"this alias belongs to {current}, which `ltr index` did not make; take another"
        )
    for name in sorted(versions, key=_version, reverse=True):
        index = ProductIndex(cluster, name)
        if set(index.vectors) == set(vectors) and index.media_root == media_root.resolve():
            return index
    name = f"{alias}-v{max(map(_version, versions), default=0) + 1}"
    cluster.call("PUT", f"/{name}", index_body(vectors, media_root))
    return ProductIndex(cluster, name)


def switch_alias(cluster: Cluster, alias: str, index: str) -> str | None:
    """Points `alias` to `index` in one atomic call; returns the index it pointed to before, if any."""
    before = aliased(cluster, alias)
    if before != index:
        removal = [{"remove": {"index": before, "alias": alias}}] if before else []
        cluster.call("POST", "/_aliases", {"actions": [*removal, {"add": {"index": index, "alias": alias}}]})
    return before


def aliased(cluster: Cluster, alias: str) -> str | None:
    """The index behind an alias, or None."""
    try:
        return next(iter(cluster.call("GET", f"/_alias/{alias}")), None)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def _versions(cluster: Cluster, alias: str) -> list[str]:
    found = cluster.call("GET", f"/{alias}-v*/_settings/index.uuid")
    return [name for name in found if name.removeprefix(f"{alias}-v").isdigit()]


def _version(name: str) -> int:
    return int(name.rpartition("-v")[2])
