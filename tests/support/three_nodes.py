"""Three real nodes of one cluster, which a test kills and starts again."""

import threading
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.devnode import NodeState, kill_node, node_state, start_node
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.indexing.index_catalog import IndexResult
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import PushResult
from ltr_plugin.pipelines.search import search
from ltr_plugin.progress import Progress
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.settings import Settings

COLOURS, GOODS = ("red", "blue", "green", "black"), ("shoe", "lamp", "mug", "chair", "scarf")
PRODUCTS = 1200
QUERIES = [f"{colour} {good}" for colour in COLOURS for good in GOODS]
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
        self._wait(wait_for_status="green")

    def wait_for_manager(self) -> None:
        """Waits until another node manages the cluster, and counts without the one that was killed."""
        self._wait(wait_for_nodes=len(self.urls) - 1)

    def _wait(self, **wanted: str | int) -> None:
        with warnings.catch_warnings(action="ignore"):  # OpenSearch's, of system indices, which are among all
            health = self.cluster.call("GET", "/_cluster/health", timeout="120s", **wanted)
        assert not health["timed_out"], health

    def each(self) -> list[Cluster]:
        """The same cluster, asked through one node each."""
        return [connect(url) for url in self.urls]


class DeathAmid:
    """The death of a node while flows run at the same time, once each of them has done a part of its work."""

    def __init__(self, nodes: Nodes, number: int, flows: int) -> None:
        self._all_begun = threading.Barrier(flows, action=lambda: nodes.kill(number), timeout=120)

    def once(self, at: int) -> Progress:
        """A progress function of one flow, which holds it at this amount until the others are as far."""
        held = False

        def progress(done: int, _total: int) -> None:
            nonlocal held
            if done >= at and not held:
                held = True
                self._all_begun.wait()

        return progress


class Searching:
    """Searches one after the other, while a block runs."""

    def __init__(self, index: ManagedIndex, ranker: str = "bm25") -> None:
        self._index, self._ranker = index, ranker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.pages: dict[str, Counter[tuple[float, ...]]] = {text: Counter() for text in QUERIES}
        self.failed: list[str] = []

    def __enter__(self) -> "Searching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def answered(self) -> int:
        return sum(count for pages in self.pages.values() for count in pages.values())

    def _run(self) -> None:
        while not self._over.is_set():
            text = QUERIES[self.answered % len(QUERIES)]
            try:
                page = search(self._index, text, ranker=self._ranker, rules=False)
            except Exception as error:
                self.failed.append(str(error))
            else:
                # by scores: products of the same score may stand otherwise in the other copy of a shard
                self.pages[text][tuple(round(hit.score, 4) for hit in page.hits)] += 1


@dataclass(frozen=True)
class AfterDeath:
    """What the flows gave in whose midst a node died."""

    written: IndexResult
    logged: FeatureTable
    pushed: PushResult
    ranker: Ranker
    encoded: list[EncodedQuery]
    searching: Searching


def log_rows(index: Index, shop: Path, features: FeatureSet, folder: Path, **options: Progress) -> FeatureTable:
    """The features of the judged products of a shop. Drawn ones would depend on which of two that score alike comes
    first in a copy of a shard."""
    done = log_features(
        index, features, shop / "queries.jsonl", shop / "qrels.txt", folder / "rows.parquet", negatives=0, **options
    )
    assert (done.failed, done.missing_products) == ({}, [])
    return FeatureTable.read(folder / "rows.parquet")
