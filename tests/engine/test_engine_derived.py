"""Derived features: formulas over other features and params."""

import numpy as np
import pytest
from engine_http import derived, price, words

pytestmark = pytest.mark.live

FORMULAS = {
    "price * 2 - 1": lambda x: x * 2 - 1,
    "max(0, price - 4)": lambda x: np.maximum(0, x - 4),
    "tanh(price / 3)": lambda x: np.tanh(x / 3),
    "1 / (1 + exp(-price))": lambda x: 1 / (1 + np.exp(-x)),
    "price > 1 ? sqrt(price) : -1": lambda x: np.where(x > 1, np.sqrt(x), -1),
    "ln(price + 1) + log10(1 + price)": lambda x: np.log(x + 1) + np.log10(1 + x),
    "pow(price, 2) % 7": lambda x: x**2 % 7,
    "abs(sin(price)) * floor(price) + ceil(price)": lambda x: np.abs(np.sin(x)) * np.floor(x) + np.ceil(x),
    "(price >= 3) + 2 * (price == 5.5) + 4 * !(price < 3)": lambda x: (x >= 3) + 2.0 * (x == 5.5) + 4 * (x >= 3),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_computed_in_double_and_rounded_to_float32(ranking, formula):
    ranking.put_set("s", price(), derived("d", formula))
    log = ranking.log(featureset="s")
    for key, value in (("1", 3.0), ("2", 5.5), ("3", 0.0), ("4", 0.25)):
        expected = np.float32(FORMULAS[formula](np.float64(value)))
        assert np.float32(log[key]["d"]) == pytest.approx(expected, rel=1e-7)


def test_every_document_matches_and_negative_scores_pass(ranking):
    ranking.put_set("s", derived("d", "-2.5"))
    assert set(ranking.scores(featureset="s").values()) == {-2.5}


@pytest.mark.parametrize(("value", "expected"), [(2, 6.0), (-0.5, -1.5), (1e12, 3e12)])
def test_numbers_among_the_params(ranking, value, expected):
    ranking.put_set("s", price(), derived("d", "price * w", "w"))
    assert ranking.log(featureset="s", params={"w": value})["1"]["d"] == np.float32(expected)


@pytest.mark.parametrize("value", ["2", True, None, [1]])
def test_params_that_are_no_numbers_are_refused(ranking, value):
    ranking.put_set("s", price(), derived("d", "price * w", "w"))
    reply = ranking.search(ranking.sltr(featureset="s", params={"w": value}))
    assert reply.status == 400
    assert reply.body["error"]["failed_shards"][0]["reason"]["type"] == "query_shard_exception"


def test_chains_run_in_ordinal_order_and_later_features_read_as_missing(ranking):
    ranking.put_set("s", derived("early", "late + 1"), derived("late", "10"), derived("sum", "early + late + sum"))
    assert ranking.log(featureset="s")["1"] == {"early": 1, "late": 10, "sum": 11}


def test_dotted_names_are_variables(ranking):
    ranking.put_set("s", price("a.price"), derived("d", "a.price + 1"))
    assert ranking.log(featureset="s")["1"]["d"] == 4


def test_missing_is_nan_for_trees_and_zero_for_sums_and_logs(ranking):
    leaf = [{"nodeid": 1, "leaf": 1}, {"nodeid": 2, "leaf": 2}]
    tree = {
        "nodeid": 0,
        "depth": 0,
        "split": "d",
        "split_condition": 99,
        "yes": 1,
        "no": 2,
        "missing": 2,
        "children": leaf,
    }
    ranking.put_set("s", price(), derived("d", "price + 1"))
    ranking.create_model("s", "trees", "model/xgboost+json", [tree])
    ranking.create_model("s", "zero", "model/xgboost+json", {"splits": [tree], "missing_as_zero": True})
    ranking.create_model("s", "sum", "model/linear", {"d": 1})
    assert ranking.scores(model="trees") == {"1": 1, "2": 1, "3": 2, "4": 1}
    assert ranking.scores(model="zero")["3"] == 1
    assert ranking.scores(model="sum")["3"] == 1
    assert ranking.log(model="trees")["3"] == {"price": None, "d": 1.0}


def test_float32_features_are_read_before_normalizers(ranking):
    ranking.put_set("s", price(), derived("d", "price"))
    normalizers = {"price": {"standard": {"mean": 3, "standard_deviation": 1}}}
    ranking.create_model("s", "m", "model/linear", {"d": 1}, feature_normalizers=normalizers)
    assert ranking.scores(model="m")["1"] == 3


@pytest.mark.parametrize(
    ("features", "fragment"),
    [
        ([derived("d", "nothing + 1")], "refers to unknown feature"),
        ([words("w"), derived("d", "w + 1", "w")], "both"),
        ([derived("d", "1 +")], "does not compile"),
        ([derived("d", "nosuch(1)")], "does not compile"),
    ],
)
def test_a_set_with_a_faulty_formula_is_refused(node, store, features, fragment):
    reply = node("PUT", f"{store}/_featureset/s", {"featureset": {"features": features}})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert fragment in reply.body["error"]["reason"]


def test_unknown_variables_are_found_later_in_a_lone_feature_and_in_a_model(node, store, ranking):
    odd = derived("d", "nothing + 1")
    assert node("PUT", f"{store}/_feature/d", {"feature": odd}).status == 201
    model = {"feature_set": {"name": "s", "features": [odd]}, "model": {"type": "model/linear", "definition": {}}}
    assert node("PUT", f"{store}/_model/m", {"model": model}).status == 201
    assert ranking.search(ranking.sltr(model="m")).status == 400
