"""A small shop of words and numbers in the live cluster, with queries and judgments beside it."""

import json
import uuid

import numpy as np
import pytest
import yaml
from ltr_command import ltr_here

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog

COLOURS, GOODS = ("red", "blue", "green", "black"), ("shoe", "lamp", "mug", "chair", "scarf")
FEATURES = [
    {"name": "has_text", "kind": "query_flag", "modality": "query", "parameter": "text"},
    {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
    {"name": "all_words", "kind": "match", "modality": "text", "field": "title.stem", "operator": "and"},
    {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
    {"name": "rating", "kind": "field_value", "modality": "behaviour", "field": "stats.rating"},
    {"name": "both", "kind": "derived", "modality": "text", "expression": "title * max(rating, 0.5)"},
]


@pytest.fixture(scope="module")
def cluster(node_url):
    return connect(node_url)


@pytest.fixture(scope="module")
def ltr(node_url, tmp_path_factory):
    """Runs the command on the node, in a folder of the module: (exit code, standard output, standard error)."""
    folder = tmp_path_factory.mktemp("ltr")

    def run(*arguments):
        return ltr_here(*arguments, cwd=folder, OPENSEARCH_URL=node_url)

    return run


@pytest.fixture(scope="session")
def shop_files(tmp_path_factory):
    """A folder with catalog.jsonl, queries.jsonl, qrels.txt: 120 products, 20 queries; some have no rating."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(3)
    products, judgments = [], []
    for number in range(120):
        colour, good = COLOURS[number % 4], GOODS[number % 5]
        stats = {"rating": round(float(rng.uniform(1, 5)), 3)} if number % 7 else {}
        products.append(Product(id=f"p{number}", title=f"{colour} {good} {number}", price=float(number), stats=stats))
    queries = [{"id": f"{colour}-{good}", "text": f"{colour} {good}"} for colour in COLOURS for good in GOODS]
    for query in queries:
        words = set(query["text"].split())
        for product in products[:100]:
            found = len(words & set(product.title.split()))
            if found:
                liked = product.stats.get("rating", 0) > 3
                judgments.append(f"{query['id']} 0 {product.id} {2 * (found == 2) + (found == 2 and liked)}")
    (folder / "catalog.jsonl").write_text("".join(p.model_dump_json(exclude_defaults=True) + "\n" for p in products))
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (folder / "qrels.txt").write_text("\n".join(judgments) + "\n")
    return folder


@pytest.fixture(scope="session")
def shop_index(node_url, shop_files):
    """The shop in an index without vectors."""
    cluster = connect(node_url)
    alias = f"flows-{uuid.uuid4().hex[:8]}"
    written = write_catalog(cluster, shop_files / "catalog.jsonl", alias, ())
    assert (written.written, written.refused) == (120, [])
    yield written.index
    cluster.call("DELETE", f"/{written.index.name}")


@pytest.fixture
def set_file(tmp_path):
    """A feature-set file; its name is new, so that tests do not meet in the store."""

    def write(features=FEATURES, name=None, version=1):
        path = tmp_path / "set.yaml"
        head = {"name": name or f"t{uuid.uuid4().hex[:8]}", "version": version}
        path.write_text(yaml.safe_dump({**head, "features": features}))
        return FeatureSet.load(path)

    return write
