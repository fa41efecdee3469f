"""Pages of a ranked search: every product of the match once, in one order, whatever the scores of the ranker."""

import uuid

import numpy as np
import pytest

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_store import push_features
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.errors import InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.pipelines.search import resolve_ranking
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.templates import BASELINES, search_template
from ltr_plugin.rankers.fusion import train_fusion
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.network.settings import NetworkSettings

pytestmark = pytest.mark.live

MATCHES, WINDOW = 500, 60


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def wide(request, node_url, tmp_path_factory):
    """An index in which 500 products match `mug`."""
    cluster = connect(node_url)
    name = f"pages-{uuid.uuid4().hex[:8]}"
    body = index_body(cluster.engine, [], tmp_path_factory.mktemp("media"), shards=request.param)
    cluster.call("PUT", f"/{name}", {**body, "aliases": {write_alias(name): {}}})
    index = ManagedIndex.open(cluster, name)
    rng = np.random.default_rng(1)
    products = (
        Product(id=f"p{n}", title=f"mug {'mug ' * (n % 9)}{n}", price=n, stats={"rating": round(rng.uniform(1, 5), 2)})
        for n in range(MATCHES)
    )
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    yield index
    cluster.call("DELETE", f"/{name}")


@pytest.fixture(scope="module")
def table(wide, tmp_path_factory):
    features = FeatureSet.model_validate(
        {
            "name": f"t{uuid.uuid4().hex[:8]}",
            "version": 1,
            "features": [
                {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
                {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
                {"name": "rating", "kind": "field_value", "modality": "behaviour", "field": "stats.rating"},
            ],
        }
    )
    push_features(wide, features)
    grades = {f"q{q}": {f"p{n}": int(n % 5 == q % 5) for n in range(q, MATCHES, 7)} for q in range(12)}
    queries = [Query(id=id_, text="mug") for id_ in grades]
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    log_features(wide, features, encode(wide, queries), Qrels(grades), path)
    return FeatureTable.read(path), encode(wide, queries)


TRAINERS = {
    "trees": lambda table: train_lambdamart(table, LambdaMARTSettings(num_trees=10)),
    "linear": train_linear,
    "network": lambda table: train_fusion(table, NetworkSettings(epochs=3)),
}


@pytest.mark.parametrize("kind", [*TRAINERS, "random"])
def test_pages_hold_every_product_once_and_the_first_pass_order_behind_the_window(wide, table, kind):
    ranker = BASELINES[kind] if kind == "random" else push(wide, TRAINERS[kind](table[0]), table[1]).model
    template = search_template(wide.retrieval(WINDOW), resolve_ranking(wide, ranker))

    def page(start, count):
        asked = {"source": template, "params": {"text": "mug", "from": start, "size": count}}
        return wide.cluster.call("POST", f"/{wide.name}/_search/template", asked)["hits"]["hits"]

    whole = page(0, MATCHES + 10)
    for size in (7, 20, 48):
        paged = [hit["_id"] for start in range(0, MATCHES + size, size) for hit in page(start, size)]
        assert paged == [hit["_id"] for hit in whole]
    assert len({hit["_id"] for hit in whole}) == MATCHES
    scores = [hit["_score"] for hit in whole]
    assert scores == sorted(scores, reverse=True)
    behind = [hit["_id"] for hit in whole if hit["_score"] < 1e-15]
    assert len(behind) >= MATCHES - 3 * WINDOW
    first_pass = wide.cluster.call(
        "POST", f"/{wide.name}/_search", {"query": {"match": {"title.stem": "mug"}}, "size": MATCHES}
    )["hits"]["hits"]
    order = {hit["_id"]: hit["_score"] for hit in first_pass}
    assert [order[id_] for id_ in behind] == sorted((order[id_] for id_ in behind), reverse=True)


def test_a_window_that_the_index_does_not_allow_is_named(wide):
    wide.cluster.call("PUT", f"/{wide.name}/_settings", {"index": {"max_rescore_window": 100}})
    try:
        with pytest.raises(InputError, match=r"less than \[100\].*max_rescore_window"):
            promote(wide, BASELINES["random"], f"{wide.name}-narrow")
    finally:
        wide.cluster.call("PUT", f"/{wide.name}/_settings", {"index": {"max_rescore_window": None}})
