"""A store and an index of their own for the tests of the engine's HTTP interface, on whatever cluster is given."""

import json
from collections.abc import Iterator

import pytest
from engine_http import INDEX, PRODUCTS, STORE, Node, Ranking


@pytest.fixture(scope="session")
def node(node_url: str) -> Iterator[Node]:
    node = Node(node_url)
    yield node
    node.close()


@pytest.fixture(scope="session")
def elasticsearch(node: Node) -> bool:
    """Whether the node is one of Elasticsearch; otherwise it is one of OpenSearch."""
    return "X-elastic-product" in node("GET", "/").headers


@pytest.fixture
def new_store(node: Node) -> Iterator[str]:
    """The path of a store in which nothing has ever been: versions begin at 1."""
    path = f"/_ltr/{STORE}_new"
    node("DELETE", path)
    assert node("PUT", path).status == 200
    yield path
    node("DELETE", path)


@pytest.fixture(scope="session")
def kept_store(node: Node) -> Iterator[str]:
    """The path of a store for most tests, since making one takes longer than most of them."""
    path = f"/_ltr/{STORE}"
    node("DELETE", path)
    yield path
    node("DELETE", path)


@pytest.fixture
def store(node: Node, kept_store: str) -> str:
    """The path of an empty store. What the last test left is deleted behind the engine's back, in one call."""
    if node("GET", kept_store).status == 404:
        assert node("PUT", kept_store).status == 200
        return kept_store
    left = node("GET", f"/.ltrstore_{STORE}/_search?size=1000&_source=false", warned=True).body["hits"]["hits"]
    if left:
        lines = "".join(json.dumps({"delete": {"_id": hit["_id"]}}) + "\n" for hit in left)
        node("POST", f"/.ltrstore_{STORE}/_bulk?refresh=true", lines, warned=True)
        node("POST", f"{kept_store}/_clearcache")
    return kept_store


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
