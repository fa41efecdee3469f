"""Feature normalizers."""

import numpy as np
import pytest
from engine_http import price

pytestmark = pytest.mark.live

PRICES = {"1": 3.0, "2": 5.5, "3": 0.0, "4": 0.25}


@pytest.mark.parametrize(
    ("normalizer", "formula"),
    [
        ({"standard": {"mean": 1.1, "standard_deviation": 0.7}}, lambda x: (x - np.float32(1.1)) / np.float32(0.7)),
        (
            {"min_max": {"minimum": 0.5, "maximum": 3.1}},
            lambda x: (x - np.float32(0.5)) / np.float32(np.float32(3.1) - np.float32(0.5)),
        ),
    ],
)
def test_applied_in_float32_to_missing_features_too(ranking, normalizer, formula):
    ranking.put_set("s", price())
    created = ranking.create_model("s", "m", "model/linear", {"price": 1}, feature_normalizers={"price": normalizer})
    assert created.status == 201
    scores = ranking.scores(model="m")
    for key, value in PRICES.items():
        assert np.float32(scores[key]) == formula(np.float32(value))


def test_missing_stays_missing_before_trees(ranking):
    leaf = [{"nodeid": 1, "leaf": 1}, {"nodeid": 2, "leaf": 2}]
    split = {"split": "price", "split_condition": 0, "yes": 1, "no": 2, "missing": 2, "children": leaf}
    normalizers = {"price": {"standard": {"mean": 4, "standard_deviation": 2}}}
    ranking.put_set("s", price())
    tree = [{"nodeid": 0, "depth": 0} | split]
    ranking.create_model("s", "m", "model/xgboost+json", tree, feature_normalizers=normalizers)
    assert ranking.scores(model="m") == {"1": 1, "2": 2, "3": 2, "4": 1}


def test_normalizers_are_given_back(ranking, node, store):
    ranking.put_set("s", price())
    normalizers = {"price": {"standard": {"mean": 0.5, "standard_deviation": 2.0}}}
    ranking.create_model("s", "m", "model/linear", {}, feature_normalizers=normalizers)
    stored = node("GET", f"{store}/_model/m").body["_source"]["model"]["model"]
    assert stored["feature_normalizers"] == normalizers


@pytest.mark.parametrize(
    "normalizers",
    [
        {"none": {"standard": {"mean": 0, "standard_deviation": 1}}},
        {"price": {"standard": {"mean": 0}}},
        {"price": {"standard": {"standard_deviation": 1}}},
        {"price": {"standard": {"mean": 0, "standard_deviation": 0}}},
        {"price": {"standard": {"mean": 0, "standard_deviation": -1}}},
        {"price": {"standard": {"mean": 1e39, "standard_deviation": 1}}},
        {"price": {"min_max": {"minimum": -1, "maximum": 1}}},
        {"price": {"min_max": {"minimum": 2, "maximum": 2}}},
        {"price": {"min_max": {"minimum": 0, "maximum": 1, "surprise": 1}}},
        {"price": {"surprise": {}}},
        {"price": {}},
        {"price": {"min_max": {"minimum": 0, "maximum": 1}, "standard": {"mean": 0, "standard_deviation": 1}}},
    ],
)
def test_faulty_normalizers_are_refused(ranking, normalizers):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/linear", {}, feature_normalizers=normalizers)
    assert reply.status == 400
    assert reply.error in {"illegal_argument_exception", "x_content_parse_exception"}
