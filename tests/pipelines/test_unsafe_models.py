"""Models made to hurt, scored by the live cluster on values made to hurt: the same scores as LightGBM's, row by row."""

import uuid

import lightgbm as lgb
import numpy as np
import pytest
from boosters import categories, model_text, threshold

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.features.feature import MAX_VALUE
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.rankers.export.parity import compare_scores

pytestmark = pytest.mark.live

NAMES = ("a", "b", "c")
EDGES = np.array([0.1, 0.5, 1.0, 3.0, 7.25, 1e-35, 1e-36, 2e-35, 16777217.0, 3e38, 1e-45], dtype=np.float32)
INF = np.float32(np.inf)
FEATURES = [{"name": n, "kind": "field_value", "modality": "behaviour", "field": f"stats.{n}"} for n in NAMES]


@pytest.fixture(scope="module")
def rows():
    """Numbers on the thresholds and one float32 beside them, zeros, and missing values."""
    pool = np.concatenate([EDGES, np.nextafter(EDGES, INF), np.nextafter(EDGES, -INF), [0, np.nan, np.nan]])
    pool = np.minimum(pool[~(pool < 0)], MAX_VALUE).astype(np.float32)  # the greatest value that a feature has
    rng = np.random.default_rng(4)
    return np.concatenate([np.repeat(pool[:, None], 3, axis=1), rng.choice(pool, size=(160, 3))])


@pytest.fixture(scope="module")
def numbers(node_url, rows, tmp_path_factory):
    """An index whose products have these numbers, and the feature set that reads them."""
    cluster = connect(node_url)
    alias = f"numbers-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, (), tmp_path_factory.mktemp("numbers"))
    products = [
        Product(id=f"p{n}", title="x", stats={k: float(v) for k, v in zip(NAMES, row, strict=True) if not np.isnan(v)})
        for n, row in enumerate(rows)
    ]
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    features = FeatureSet.model_validate({"name": alias.replace("-", "_"), "version": 1, "features": FEATURES})
    store = FeatureStore(cluster)
    store.ensure()
    store.put_feature_set(features)
    yield index, features, store
    cluster.call("DELETE", f"/{index.name}")


def scored(numbers, rows, model, name):
    """Cluster's scores and the values that it saw, in the order of the rows."""
    index, features, store = numbers
    store.put_model(name, features, {"type": "model/xgboost+json", "definition": model})
    try:
        everything = [QueryProducts("q", {"text": ""}, [f"p{n}" for n in range(len(rows))])]
        (hits,) = fetch_features(index, features, everything, model=name)
    finally:
        store.delete_model(name)
    by_id = {hit.id: hit for hit in hits}
    ordered = [by_id[f"p{n}"] for n in range(len(rows))]
    seen = [[np.nan if feature_values(hit)[k] is None else feature_values(hit)[k] for k in NAMES] for hit in ordered]
    return np.array([hit.score for hit in ordered]), np.array(seen, dtype=np.float32)


def assert_parity(numbers, rows, booster, name):
    remote, seen = scored(numbers, rows, export_trees(booster.dump_model(), NAMES), f"{name}-{uuid.uuid4().hex[:6]}")
    np.testing.assert_array_equal(seen, rows)  # what is logged is what the products have, missing told from zero
    local = booster.predict(np.where(np.isnan(rows), np.float32(0), rows), raw_score=True)
    parity = compare_scores(np.array(["q"] * len(rows), dtype=object), local, remote)
    assert parity.passed, str(parity)


@pytest.mark.parametrize("default_left", [False, True], ids=["right", "left"])
@pytest.mark.parametrize("missing", ["None", "Zero", "NaN"])
@pytest.mark.parametrize("value", [0.1, float(np.float32(0.1)), 0.0, 1e-35, 1e300, -1e300, 16777217.0, 3e38])
def test_one_threshold(numbers, rows, value, missing, default_left):
    text = model_text([[threshold(value, missing=missing, default_left=default_left, feature=f)] for f in range(3)])
    assert_parity(numbers, rows, lgb.Booster(model_str=text), "threshold")


def test_categories(numbers, rows):
    text = model_text([[categories(0, 3, 7), categories(1, 16777217 % 97, feature=1, leaf=1)]])
    assert_parity(numbers, rows, lgb.Booster(model_str=text), "categories")


def test_one_leaf(numbers, rows):
    booster = lgb.train({"verbose": -1}, lgb.Dataset(np.ones((50, 3)), np.full(50, 2.5)), num_boost_round=3)
    assert_parity(numbers, rows, booster, "leaf")


@pytest.mark.parametrize(
    "options", [{}, {"zero_as_missing": True}, {"use_missing": False}], ids=["nan", "zero", "none"]
)
def test_trained_with_missing_values(numbers, rows, options):
    rng = np.random.default_rng(8)
    values = np.where(rng.random((3000, 3)) < 0.2, np.nan, rng.choice(rows[~np.isnan(rows)], (3000, 3)))
    labels = np.nan_to_num(np.log1p(values)).sum(axis=1) + np.isnan(values[:, 0])
    params = {"verbose": -1, "seed": 1, "min_data_in_leaf": 1, "num_threads": 1, **options}
    assert_parity(numbers, rows, lgb.train(params, lgb.Dataset(values, labels), num_boost_round=40), "missing")


def test_five_hundred_trees_of_255_leaves(numbers, rows):
    rng = np.random.default_rng(5)
    values = np.concatenate([np.nan_to_num(rows), rng.uniform(0, 8, (4000, 3))]).astype(np.float32)
    labels = np.sin(9 * np.minimum(values[:, 0], 9)) + rng.normal(0, 0.3, len(values))
    params = {
        "verbose": -1,
        "seed": 1,
        "num_leaves": 255,
        "min_data_in_leaf": 1,
        "learning_rate": 0.03,
        "num_threads": 1,
    }
    booster = lgb.train(params, lgb.Dataset(values, labels), num_boost_round=500)
    assert booster.num_trees() == 500
    assert_parity(numbers, rows, booster, "large")
