"""A cluster of three real nodes, and a shop of words and numbers on it: three shards, each with a copy."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_node import copy_of_built_node
from three_nodes import COLOURS, GOODS, OPTIONS, PRODUCTS, AfterDeath, DeathAmid, Nodes, Searching, log_rows
from together import together

from benchmarks.lib.word_shop import feature_set
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.devnode import temporary_node
from ltr_plugin.devnode.distribution import DISTRIBUTIONS
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.push import push
from ltr_plugin.rankers.lambdamart import train_lambdamart


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
def alias(nodes: Nodes) -> Iterator[str]:
    """A name for indices of the cluster, which are deleted at the end."""
    alias = f"several-{uuid.uuid4().hex[:8]}"
    yield alias
    nodes.cluster.call("DELETE", f"/{alias}-v*,{alias}-more-v*")


@pytest.fixture(scope="module")
def index(nodes: Nodes, shop: Path, alias: str) -> ManagedIndex:
    """The shop on the cluster, all nodes of which run."""
    nodes.restore()
    return write_catalog(nodes.cluster, shop / "catalog.jsonl", alias, (), options=OPTIONS).index


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    """A feature set whose name is new."""
    return feature_set(f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def rows(
    index: ManagedIndex, shop: Path, features: FeatureSet, tmp_path_factory: pytest.TempPathFactory
) -> FeatureTable:
    """The logged features of the judged products, without a death."""
    return log_rows(index, shop, features, tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def death(
    nodes: Nodes,
    shop: Path,
    index: ManagedIndex,
    features: FeatureSet,
    rows: FeatureTable,
    tmp_path_factory: pytest.TempPathFactory,
) -> AfterDeath:
    """A node that does not manage the cluster dies in the midst of all flows at the same time, and is started again."""
    ranker, encoded = train_lambdamart(rows), encode(index, shop / "queries.jsonl")
    number = 1 + nodes.manager() % 3
    amid = DeathAmid(nodes, number, flows=3)
    with Searching(index) as searching:
        done = together(
            lambda: write_catalog(
                nodes.cluster, shop / "catalog.jsonl", f"{index.alias}-more", (),
                options=OPTIONS, progress=amid.once(PRODUCTS // 3),
            ),
            lambda: log_rows(
                index, shop, features, tmp_path_factory.mktemp("again"), progress=amid.once(5)
            ),
            lambda: push(index, ranker, encoded, progress=amid.once(5)),
        )  # fmt: skip
        assert nodes.running() == [one != number for one in (1, 2, 3)], done
        nodes.restore()
    for result in done:
        if isinstance(result, Exception):
            raise result
    return AfterDeath(*done, ranker, encoded, searching)
