"""Nodes of one cluster are killed and started again while a catalog is written, features are logged, rankers are pushed
and shoppers search.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.lib.word_shop import QUERIES, feature_set, write_shop
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.devnode import NodeState, kill_node, start_node
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push, verify_parity
from ltr_plugin.pipelines.search import search
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.settings import Settings

OPTIONS = IndexOptions(shards=3, replicas=1)
RETRY_TIMEOUT_S = 120.0


@dataclass
class Outcome:
    """What a flow came to over all rounds.

    `lost` counts products, rows or models that are missing or differ, asked from each node. `pairs` were compared, and
    those `out_of_order` are ranked otherwise by a node than by the ranker. `failed` of the `searches` that ran
    meanwhile had no answer, and `longest_s` is the time of the slowest.
    """

    flow: str
    kills: int = 0
    done: int = 0
    lost: int = 0
    pairs: int = 0
    out_of_order: int = 0
    searches: int = 0
    failed: int = 0
    longest_s: float = 0.0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)


class Searching:
    """Searches one after the other by a ranking, while a block runs; the outcome gets their numbers."""

    def __init__(self, index: ManagedIndex, ranker: str, outcome: Outcome) -> None:
        self._index, self._ranker, self._outcome = index, ranker, outcome
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Searching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        outcome = self._outcome
        while not self._over.is_set():
            began = time.monotonic()
            outcome.searches += 1
            try:
                search(self._index, QUERIES[outcome.searches % len(QUERIES)], ranker=self._ranker, rules=False)
            except Exception as error:
                outcome.failed += 1
                outcome.errors.append(str(error))
            outcome.longest_s = max(outcome.longest_s, round(time.monotonic() - began, 2))


class NodeDeaths:
    """A running cluster, and the flows during which its nodes die."""

    def __init__(self, node: Settings, state: NodeState, folder: Path, *, products: int, seed: int) -> None:
        self._node = node
        self._urls = state.urls
        self._rng = random.Random(seed)
        self._folder, self._products = folder, products
        self._cluster = connect(",".join(state.urls), retry_timeout_s=RETRY_TIMEOUT_S, timeout_s=180)
        self._starting: Future[NodeState] | None = None
        self._background = ThreadPoolExecutor(1)
        self.outcomes = {flow: Outcome(flow) for flow in ("index", "log", "push", "search")}

    def run(self, rounds: int) -> list[Outcome]:
        """Runs every flow once undisturbed, and then `rounds` times with a death in each."""
        shop = write_shop(self._folder / "shop", self._products, seed=1)
        suffix = f"{time.time_ns()}"
        index = self._write(shop, f"deaths-{suffix}", None)
        features = feature_set(f"deaths{suffix}")
        whole = self._log(index, shop, "whole", features, None)
        ranker = train_lambdamart(whole)
        encoded = encode(index, shop / "queries.jsonl")
        model = push(index, ranker, encoded).model
        try:
            for number in range(rounds):
                another = train_lambdamart(whole, LambdaMARTSettings(num_leaves=8 + number))
                flows = {
                    "index": partial(self._index, shop, f"deaths-{suffix}-{number}"),
                    "log": partial(self._relog, index, shop, features, whole),
                    "push": partial(self._push, index, another, encoded),
                    "search": partial(self._search_only, index, ranker, model, encoded),
                }
                for flow, work in flows.items():
                    self._measure(flow, index, model, work)
                    print(json.dumps(asdict(self.outcomes[flow])), flush=True)
        finally:
            self._background.shutdown()
            self._cluster.call("DELETE", f"/deaths-{suffix}*")
        return list(self.outcomes.values())

    def _measure(self, flow: str, index: ManagedIndex, model: str, work: Callable[[Callable[..., None]], None]) -> None:
        """One flow with one death, at a moment that its progress reaches; ends when all nodes run again."""
        outcome, victim, share = self.outcomes[flow], self._rng.randint(1, len(self._urls)), self._rng.uniform(0.1, 0.8)
        killed = False

        def kill(done: int, total: int | None = None, *_: object) -> None:
            nonlocal killed
            if not killed and total and done >= share * total:
                killed = True
                outcome.kills += 1
                print(f"  {flow}: {done} of {total} done, killing node {victim}", flush=True)
                kill_node(self._node, victim)
                pause_s = self._rng.uniform(0, 5)
                self._starting = self._background.submit(self._start, pause_s)

        began = time.monotonic()
        with Searching(index, model, outcome):
            try:
                work(kill)
            except Exception as error:
                outcome.lost += 1
                outcome.errors.append(f"{flow}: {error}")
            self._restore()
        outcome.seconds = round(outcome.seconds + time.monotonic() - began, 1)

    def _start(self, pause_s: float) -> NodeState:
        time.sleep(pause_s)
        return start_node(self._node)

    def _restore(self) -> None:
        if self._starting:
            self._starting.result()
        self._cluster.call("GET", "/_cluster/health", wait_for_status="green", timeout="120s")

    def _write(self, shop: Path, alias: str, kill: Callable[..., None] | None) -> ManagedIndex:
        progress = {"progress": kill} if kill else {}
        return write_catalog(self._cluster, shop / "catalog.jsonl", alias, (), options=OPTIONS, **progress).index

    def _index(self, shop: Path, alias: str, kill: Callable[..., None]) -> None:
        index, outcome = self._write(shop, alias, kill), self.outcomes["index"]
        self._restore()
        wanted = Counter(json.loads(line)["title"] for line in (shop / "catalog.jsonl").read_text().splitlines())
        for url in self._urls:
            one = ManagedIndex.open(connect(url), alias)
            one.refresh()
            stored = Counter(found.product.title for found in one.fetch(one.ids()))
            outcome.lost += (wanted - stored).total() + (stored - wanted).total()
        outcome.done += self._products
        self._cluster.call("DELETE", f"/{index.name}")

    def _log(
        self, index: ManagedIndex, shop: Path, name: str, features: FeatureSet, kill: Callable[..., None] | None
    ) -> FeatureTable:
        progress = {"progress": kill} if kill else {}
        table = self._folder / f"{name}.parquet"
        log_features(index, features, shop / "queries.jsonl", shop / "qrels.txt", table, negatives=10, **progress)
        return FeatureTable.read(table)

    def _relog(
        self, index: ManagedIndex, shop: Path, features: FeatureSet, whole: FeatureTable, kill: Callable[..., None]
    ) -> None:
        table, outcome = self._log(index, shop, "killed", features, kill), self.outcomes["log"]
        outcome.done += len(table)
        same = table.products.tolist() == whole.products.tolist()
        differing = ~np.isclose(table.values, whole.values, rtol=0, atol=0, equal_nan=True).all(1) if same else None
        outcome.lost += int(differing.sum()) if differing is not None else len(whole)

    def _push(
        self, index: ManagedIndex, ranker: Ranker, encoded: list[EncodedQuery], kill: Callable[..., None]
    ) -> None:
        pushed = push(index, ranker, encoded, progress=kill)
        self._restore()
        self._compare(self.outcomes["push"], index, ranker, pushed.model, encoded)

    def _search_only(
        self, index: ManagedIndex, ranker: Ranker, model: str, encoded: list[EncodedQuery], kill: Callable[..., None]
    ) -> None:
        kill(1, 1)
        self._restore()
        self._compare(self.outcomes["search"], index, ranker, model, encoded)

    def _compare(
        self, outcome: Outcome, index: ManagedIndex, ranker: Ranker, model: str, encoded: list[EncodedQuery]
    ) -> None:
        """Scores the queries' candidates through every node."""
        for url in self._urls:
            one = ManagedIndex.open(connect(url), index.alias)
            parity = verify_parity(one, ranker, ranker.export(), model, encoded)
            outcome.done += 1
            outcome.pairs += parity.pairs
            outcome.out_of_order += parity.out_of_order
            outcome.lost += not parity.passed
