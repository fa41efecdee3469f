"""Three real nodes of one cluster, which a test kills and starts again."""

import warnings
from pathlib import Path

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.devnode import NodeState, kill_node, node_state, start_node
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.settings import Settings

COLOURS, GOODS = ("red", "blue", "green", "black"), ("shoe", "lamp", "mug", "chair", "scarf")
PRODUCTS = 1200
OPTIONS = IndexOptions(shards=3, replicas=1)


class Nodes:
    """The nodes of one cluster, counted from 1; `cluster` is asked through all of them."""

    def __init__(self, settings: Settings, state: NodeState) -> None:
        self._settings = settings
        self.urls = state.urls
        self.cluster = connect(",".join(state.urls), retry_timeout_s=60, timeout_s=180)

    def kill(self, number: int) -> None:
        """Kills a node as a crash would."""
        kill_node(self._settings, number)

    def manager(self) -> int:
        """The number of the node that manages the cluster."""
        rows = self.cluster.call("GET", "/_cat/nodes", h="name,m", format="json")
        (elected,) = (row["name"] for row in rows if row["m"] == "*")
        return int(elected.rpartition("-")[2])

    def running(self) -> list[bool]:
        """Of each node, whether it runs."""
        state = node_state(self._settings)
        return [node.running for node in state.nodes] if state else []

    def restore(self) -> None:
        """Starts the nodes that ended, and waits until each shard has its copy again."""
        assert start_node(self._settings).urls == self.urls
        with warnings.catch_warnings(action="ignore"):  # OpenSearch's, of system indices, which are among all
            health = self.cluster.call("GET", "/_cluster/health", wait_for_status="green", timeout="120s")
        assert health["status"] == "green"

    def each(self) -> list[Cluster]:
        """The same cluster, asked through one node each."""
        return [connect(url) for url in self.urls]


class KilledAt:
    """A progress function that kills a node once so much is done, in the midst of the work that reports it."""

    def __init__(self, nodes: Nodes, number: int, at: int) -> None:
        self.nodes, self.number, self.at, self.killed = nodes, number, at, False

    def __call__(self, done: int, *_: object) -> None:
        if done >= self.at and not self.killed:
            self.killed = True
            self.nodes.kill(self.number)


def log_rows(index: Index, shop: Path, features: FeatureSet, folder: Path, **options: KilledAt) -> FeatureTable:
    """The features of the judged products of a shop. Drawn ones would depend on which of two that score alike comes
    first in a copy of a shard."""
    done = log_features(
        index, features, shop / "queries.jsonl", shop / "qrels.txt", folder / "rows.parquet", negatives=0, **options
    )
    assert (done.failed, done.missing_products) == ({}, [])
    return FeatureTable.read(folder / "rows.parquet")
