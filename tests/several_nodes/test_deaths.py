"""A node of three dies in the midst of each flow: nothing is lost, searches answer, and every node scores the same."""

import threading
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from three_nodes import COLOURS, GOODS, PRODUCTS, KilledAt, Nodes, log_rows

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.indexing.index_catalog import IndexResult
from ltr_plugin.pipelines.push import push, verify_parity
from ltr_plugin.pipelines.search import search
from ltr_plugin.rankers.lambdamart import train_lambdamart
from ltr_plugin.rankers.ranker import model_name

pytestmark = pytest.mark.live

QUERIES = [f"{colour} {good}" for colour in COLOURS for good in GOODS]


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


def test_a_node_that_dies_while_a_catalog_is_written_loses_nothing(nodes: Nodes, written: IndexResult):
    assert (written.written, written.refused) == (PRODUCTS, [])
    for cluster in nodes.each():
        index = ManagedIndex.open(cluster, written.index.alias)
        index.refresh()
        assert index.count() == PRODUCTS
        numbers = {stored.product.title.split()[-1] for stored in index.fetch(index.ids())}
        assert numbers == set(map(str, range(PRODUCTS)))


def test_a_node_that_dies_while_features_are_logged_changes_no_value(
    nodes: Nodes, shop: Path, index: ManagedIndex, features: FeatureSet, rows: FeatureTable, tmp_path: Path
):
    killing = KilledAt(nodes, 2, 5)
    table = log_rows(index, shop, features, tmp_path, progress=killing)
    assert nodes.running() == [True, False, True]
    assert table.products.tolist() == rows.products.tolist()
    np.testing.assert_array_equal(table.values, rows.values)


def test_a_node_that_dies_during_an_upload_and_then_the_manager_disturb_no_search(
    nodes: Nodes, shop: Path, index: ManagedIndex, rows: FeatureTable
):
    ranker = train_lambdamart(rows)
    encoded = encode(index, shop / "queries.jsonl")
    killing = KilledAt(nodes, 3, 5)
    with Searching(index) as searching:
        pushed = push(index, ranker, encoded, progress=killing)
        assert nodes.running() == [True, True, False]
        nodes.restore()
    assert pushed.parity.passed
    assert pushed.model == model_name(ranker)
    assert_steady(searching)
    for cluster in nodes.each():
        one = ManagedIndex.open(cluster, index.alias)
        assert FeatureStore(cluster).model(pushed.model) is not None
        parity = verify_parity(one, ranker, ranker.export(), pushed.model, encoded)
        assert parity.passed, parity

    with Searching(index, pushed.model) as searching:
        nodes.kill(nodes.manager())
        answered = searching.answered
        nodes.restore()
    assert searching.answered > answered + len(QUERIES)
    assert_steady(searching)


def assert_steady(searching: Searching) -> None:
    """Every search was answered, and each query by one page."""
    assert searching.failed == []
    assert searching.answered > len(QUERIES)
    assert all(len(pages) == 1 for pages in searching.pages.values()), searching.pages


def test_all_nodes_see_a_model_that_replaces_another_of_its_name(nodes: Nodes, index: ManagedIndex):
    store = f"s{uuid.uuid4().hex[:8]}"
    first, second, _ = nodes.each()
    first.call("PUT", f"/_ltr/{store}")

    def replace_model(cluster, weight: float) -> None:
        body = {
            "model": {
                "name": "m",
                "feature_set": {
                    "name": "f",
                    "features": [{"name": "one", "params": [], "template": {"match_all": {}}}],
                },
                "model": {"type": "model/linear", "definition": {"one": weight}},
            }
        }
        cluster.call("PUT", f"/_ltr/{store}/_model/m", body)

    def scores() -> list[float]:
        body = {"size": 1, "query": {"sltr": {"model": "m", "store": store, "params": {}}}}
        return [
            one.call("POST", f"/{index.name}/_search", body)["hits"]["max_score"] for one in nodes.each() for _ in "abc"
        ]

    try:
        replace_model(first, 2.0)
        assert set(scores()) == {2.0}
        first.call("DELETE", f"/_ltr/{store}/_model/m")
        replace_model(second, 5.0)
        second.call("POST", f"/_ltr/{store}/_clearcache")
        assert set(scores()) == {5.0}
    finally:
        first.call("DELETE", f"/_ltr/{store}")
