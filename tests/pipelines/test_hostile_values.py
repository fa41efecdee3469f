"""A product whose numbers are wrong changes its own rank and nothing else, also with rankers that are there already."""

import pytest

from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.cluster.search import msearch_template
from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.templates import Ranking, search_template
from ltr_plugin.rankers.trainers import train

pytestmark = pytest.mark.live

MODIFIERS = ("none", "log1p", "ln1p", "ln2p", "sqrt", "square", "reciprocal")
FEATURES = [
    {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
    *(
        {"name": f"{field}_{name}", "kind": "field_value", "modality": "behaviour", "field": path, "modifier": name}
        for field, path in (("price", "price"), ("rating", "stats.rating"))
        for name in MODIFIERS
    ),
    {"name": "new", "kind": "recency", "modality": "behaviour", "field": "released"},
    {"name": "ratio", "kind": "derived", "modality": "text", "expression": "title / price_none"},
    {"name": "root", "kind": "derived", "modality": "text", "expression": "sqrt(rating_none - 3)"},
]
VALUES = {
    "p0": (-1, -3, "0001-01-01"),
    "p1": (0, 0, "9999-12-31T23:59:59Z"),
    "p2": (1e300, 3e38, "1970-01-01"),
    "p3": (5e-324, 1e-45, "1969-12-31"),
    "p4": ([-2, 1e300], [-1e-3, 5], ["0001-01-01", "2026-05-01"]),
    "p5": (None, None, None),
    "p6": ("12.5", "-3", 2020),
}
"""New prices, ratings and dates of products; those of the last one are of other types, as a program of a shop's own may
write them."""


@pytest.fixture
def restored(shop_index):
    """Gives the products their documents again."""
    cluster, path = shop_index.cluster, f"/{shop_index.name}/_doc"
    before = {id_: cluster.call("GET", f"{path}/{id_}")["_source"] for id_ in VALUES}
    yield
    for id_, document in before.items():
        cluster.call("PUT", f"{path}/{id_}", document, refresh=True)


@pytest.mark.usefixtures("restored")
def test_no_number_of_a_product_fails_searches_logging_or_push(shop_index, shop_files, set_file, tmp_path):
    files = (shop_files / "queries.jsonl", shop_files / "qrels.txt")
    features = set_file(FEATURES)
    log_features(shop_index, features, *files, tmp_path / "table.parquet", negatives=5)
    table = FeatureTable.read(tmp_path / "table.parquet")
    rankers = [train(table, "linear"), train(table, num_trees=20), train(table, "fusion", epochs=3)]
    pushed = [push(shop_index, ranker).model for ranker in rankers]
    for id_, (price, rating, released) in VALUES.items():
        document = {"price": price, "stats": {"rating": rating}, "released": released}
        shop_index.cluster.call("POST", f"/{shop_index.name}/_update/{id_}", {"doc": document}, refresh=True)
    searches = [(one.query.id, {**one.params, "size": 100}) for one in encode(shop_index, files[0])]
    for model in pushed:
        template = {"source": search_template(shop_index.retrieval(), Ranking(model, model=model))}
        results = list(msearch_template(shop_index, template, searches))
        assert VALUES.keys() <= {hit.id for hits in results for hit in hits}
    assert not log_features(shop_index, features, *files, tmp_path / "again.parquet").failed
    for ranker in rankers:
        assert push(shop_index, ranker).parity.passed


@pytest.mark.parametrize(
    "template",
    [{"match": {"title": {"query": "{{text}}", "minimum_should_match": "3<"}}}, {"range": {"price": {"gte": "much"}}}],
    ids=["at long texts", "always"],
)
def test_a_template_that_fails_searches_is_refused_before_it_is_stored(shop_index, set_file, template):
    own = {"name": "own", "kind": "template", "modality": "text", "template": template}
    features = set_file([own])
    with pytest.raises(InputError, match=f"feature set {features.id}: .*validation failed"):
        push_features(shop_index, features)
    assert FeatureStore(shop_index.cluster).feature_set(features.id) is None
