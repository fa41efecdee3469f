"""A cluster of three real nodes, and a shop of words and numbers on it: three shards, each with a copy."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_node import copy_of_built_node
from three_nodes import COLOURS, GOODS, OPTIONS, PRODUCTS, KilledAt, Nodes, log_rows

from benchmarks.lib.word_shop import feature_set
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.devnode import temporary_node
from ltr_plugin.devnode.distribution import DISTRIBUTIONS
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.indexing.index_catalog import IndexResult, write_catalog


@pytest.fixture(scope="module", params=list(DISTRIBUTIONS))
def nodes(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """Three nodes; in the run folder of the engine's own, so that both are built once."""
    engine = request.param
    settings = copy_of_built_node(f"test-several-{engine}", DISTRIBUTIONS[engine])
    with temporary_node(settings, engine=engine, nodes=3, heap="512m") as state:
        nodes = Nodes(settings, state)
        nodes.restore()
        yield nodes


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with catalog.jsonl, queries.jsonl and qrels.txt."""
    folder = tmp_path_factory.mktemp("shop")
    products = [
        Product(id=f"p{number}", title=f"{COLOURS[number % 4]} {GOODS[number % 5]} {number}", price=number * 7 % 100)
        for number in range(PRODUCTS)
    ]
    queries = [{"id": f"{colour}-{good}", "text": f"{colour} {good}"} for colour in COLOURS for good in GOODS]
    judgments = [
        f"{query['id']} 0 {product.id} {(query['text'] in product.title) + (product.price > 50)}"
        for query in queries
        for product in products[:200]
        if set(query["text"].split()) & set(product.title.split())
    ]
    (folder / "catalog.jsonl").write_text("".join(p.model_dump_json(exclude_defaults=True) + "\n" for p in products))
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (folder / "qrels.txt").write_text("\n".join(judgments) + "\n")
    return folder


@pytest.fixture(scope="module")
def written(nodes: Nodes, shop: Path) -> Iterator[IndexResult]:
    """The shop written into the cluster while a node dies; all nodes run again, and the index is deleted at the end."""
    alias = f"several-{uuid.uuid4().hex[:8]}"
    killing = KilledAt(nodes, 1, PRODUCTS // 3)
    result = write_catalog(nodes.cluster, shop / "catalog.jsonl", alias, (), options=OPTIONS, progress=killing)
    assert nodes.running() == [False, True, True]
    nodes.restore()
    yield result
    nodes.restore()
    nodes.cluster.call("DELETE", f"/{alias}-v*")


@pytest.fixture
def index(written: IndexResult, nodes: Nodes) -> ManagedIndex:
    """The shop on the cluster, all nodes of which run."""
    nodes.restore()
    return written.index


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    """A feature set whose name is new."""
    return feature_set(f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def rows(
    written: IndexResult, nodes: Nodes, shop: Path, features: FeatureSet, tmp_path_factory: pytest.TempPathFactory
) -> FeatureTable:
    """The logged features of the judged products, without a death."""
    nodes.restore()
    return log_rows(written.index, shop, features, tmp_path_factory.mktemp("rows"))
