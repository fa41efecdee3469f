"""A store and an index of their own for the tests of the engine's HTTP interface, on whatever cluster is given."""

from collections.abc import Iterator

import pytest
from engine_http import INDEX, PRODUCTS, STORE, Node, Ranking


@pytest.fixture(scope="session")
def node(node_url: str) -> Node:
    return Node(node_url)


@pytest.fixture
def store(node: Node) -> Iterator[str]:
    """The path of an empty store."""
    path = f"/_ltr/{STORE}"
    node("DELETE", path)
    assert node("PUT", path).status == 200
    yield path
    node("DELETE", path)


@pytest.fixture(scope="session")
def products(node: Node) -> Iterator[str]:
    """The name of an index of one shard with PRODUCTS; `price` is missing in product 3."""
    node("DELETE", f"/{INDEX}")
    mapping = {"title": {"type": "text"}, "price": {"type": "float"}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    assert node("PUT", f"/{INDEX}", {"settings": settings, "mappings": {"properties": mapping}}).status == 200
    for key, product in PRODUCTS.items():
        assert node("PUT", f"/{INDEX}/_doc/{key}", product).status == 201
    node("POST", f"/{INDEX}/_refresh")
    yield INDEX
    node("DELETE", f"/{INDEX}")


@pytest.fixture
def ranking(node: Node, store: str, products: str) -> Ranking:
    return Ranking(node, store, products)
