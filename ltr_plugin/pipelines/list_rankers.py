"""The rankers that a cluster has, and which of them storefronts get."""

from dataclasses import dataclass

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.pipelines.push import current_releases


@dataclass(frozen=True)
class UploadedRanker:
    """A model by its name, and the search templates whose current release ranks by it."""

    model: str
    templates: tuple[str, ...]


def list_rankers(cluster: Cluster) -> list[UploadedRanker]:
    """All models of the default feature store, by name."""
    templates: dict[str, list[str]] = {}
    for release in current_releases(cluster):
        templates.setdefault(release.metadata["ranker"], []).append(release.template)
    return [UploadedRanker(name, tuple(templates.get(name, ()))) for name in FeatureStore(cluster).model_names()]
