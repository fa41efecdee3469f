"""What is known of an uploaded ranker beside its model: by which profile and with which queries it was trained, and a
summary of its card."""

from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.state import RANKERS, StateIndex
from ltr_plugin.errors import ClusterError


def write_ranker_facts(cluster: Cluster, model: str, facts: dict[str, Any]) -> None:
    """Keeps the facts on a model, in place of earlier ones."""
    StateIndex(cluster, RANKERS).put(model, facts)


def ranker_facts(cluster: Cluster, model: str | None) -> dict[str, Any]:
    """The facts on a model; nothing for rankers of earlier versions, and where the user may not read them."""
    try:
        return StateIndex(cluster, RANKERS).get(model) if model else {}
    except ClusterError as error:
        if error.status != 403:
            raise
        return {}
