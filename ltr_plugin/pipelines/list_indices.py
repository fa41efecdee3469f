"""The indices of products that a cluster has."""

from dataclasses import dataclass

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.mapping import LAYOUT_VERSION


@dataclass(frozen=True)
class IndexSummary:
    """An index by its name: the active version, its products, the encoder of each vector field, other versions."""

    name: str
    version: str
    products: int
    vectors: dict[str, str]
    other_versions: tuple[str, ...]


def list_indices(cluster: Cluster) -> list[IndexSummary]:
    """The indices that were made here and have the current layout, by name."""
    mappings = cluster.call("GET", "/_mapping", filter_path="*.mappings._meta")
    metas = {name: body["mappings"]["_meta"] for name, body in mappings.items()}
    own = {name: meta for name, meta in metas.items() if meta.get("layout_version") == LAYOUT_VERSION}
    summaries = []
    for version, body in cluster.call("GET", "/_alias").items():
        for alias in body["aliases"] if version in own else ():
            others = sorted(name for name in own if name != version and name.rpartition("-v")[0] == alias)
            vectors = {entry["name"]: entry["encoder"] for entry in own[version]["vectors"]}
            products = int(cluster.call("GET", f"/{version}/_count")["count"])
            summaries.append(IndexSummary(alias, version, products, vectors, tuple(others)))
    return sorted(summaries, key=lambda one: one.name)
