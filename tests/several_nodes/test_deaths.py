"""A node of three dies in the midst of each flow: nothing is lost, searches answer, and every node scores the same."""

import time
import uuid

import numpy as np
import pytest
from three_nodes import PRODUCTS, QUERIES, AfterDeath, Nodes, Searching

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.push import verify_parity
from ltr_plugin.rankers.ranker import model_name

pytestmark = pytest.mark.live


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


def test_a_node_that_dies_while_a_catalog_is_written_loses_nothing(nodes: Nodes, death: AfterDeath):
    assert (death.written.written, death.written.refused) == (PRODUCTS, [])
    for cluster in nodes.each():
        index = ManagedIndex.open(cluster, death.written.index.alias)
        index.refresh()
        assert index.count() == PRODUCTS
        numbers = {stored.product.title.split()[-1] for stored in index.fetch(index.ids())}
        assert numbers == set(map(str, range(PRODUCTS)))


def test_a_node_that_dies_while_features_are_logged_changes_no_value(rows: FeatureTable, death: AfterDeath):
    assert death.logged.products.tolist() == rows.products.tolist()
    np.testing.assert_array_equal(death.logged.values, rows.values)


def test_a_model_that_is_uploaded_while_a_node_dies_is_on_every_node(
    nodes: Nodes, index: ManagedIndex, death: AfterDeath
):
    assert death.pushed.parity.passed
    assert death.pushed.model == model_name(death.ranker)
    for cluster in nodes.each():
        one = ManagedIndex.open(cluster, index.alias)
        assert FeatureStore(cluster).model(death.pushed.model) is not None
        parity = verify_parity(one, death.ranker, death.ranker.export(), death.pushed.model, death.encoded[::4])
        assert parity.passed, parity


def test_a_node_that_dies_disturbs_no_search(death: AfterDeath):
    assert_steady(death.searching)


def test_the_death_of_the_manager_disturbs_no_search(nodes: Nodes, index: ManagedIndex, death: AfterDeath):
    with Searching(index, death.pushed.model) as searching:
        nodes.kill(nodes.manager())
        answered = searching.answered
        nodes.wait_for_manager()
        until = time.monotonic() + 60
        while searching.answered <= answered + 2 * len(QUERIES) and time.monotonic() < until:
            time.sleep(0.05)
    assert nodes.running().count(False) == 1
    assert searching.answered > answered + 2 * len(QUERIES)
    assert_steady(searching)


def assert_steady(searching: Searching) -> None:
    """Every search was answered, and each query by one page."""
    assert searching.failed == []
    assert searching.answered > len(QUERIES)
    assert all(len(pages) == 1 for pages in searching.pages.values()), searching.pages
