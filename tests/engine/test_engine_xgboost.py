"""model/xgboost+json: dumps of XGBoost, walked as XGBoost does."""

import json
import math
from typing import Any

import numpy as np
import pytest
from engine_http import derived, price

pytestmark = pytest.mark.live

FEATURES = 6


def leaf(node: int, value: float) -> dict[str, Any]:
    return {"nodeid": node, "leaf": value}


def split(node: int, feature: str, at: float, yes: dict, no: dict, *, missing: str | None = "yes") -> dict[str, Any]:
    ids = {"yes": yes["nodeid"], "no": no["nodeid"]}
    route = {} if missing is None else {"missing": ids[missing]}
    condition = {"nodeid": node, "depth": 0, "split": feature, "split_condition": at}
    return condition | ids | route | {"children": [yes, no]}


def grow(rng: np.random.Generator, depth: int, counter: list[int]) -> dict[str, Any]:
    counter[0] += 1
    node = counter[0]
    if depth == 0 or rng.random() < 0.15:
        return leaf(node, float(np.float32(rng.normal())))
    at = float(rng.integers(-4, 5)) / 2  # a coarse grid, so that values meet thresholds exactly
    missing = rng.choice(["yes", "no"])
    feature = f"f{rng.integers(FEATURES)}"
    return split(node, feature, at, grow(rng, depth - 1, counter), grow(rng, depth - 1, counter), missing=missing)


def walk(tree: dict[str, Any], values: dict[str, np.float32]) -> np.float32:
    while "leaf" not in tree:
        value = values[tree["split"]]
        if np.isnan(value):
            target = tree["missing"]
        else:
            target = tree["yes"] if value < np.float32(tree["split_condition"]) else tree["no"]
        tree = next(child for child in tree["children"] if child["nodeid"] == target)
    return np.float32(tree["leaf"])


@pytest.mark.parametrize("missing_as_zero", [False, True])
def test_random_trees_score_bit_for_bit(ranking, missing_as_zero):
    rng = np.random.default_rng(11)
    trees = [grow(rng, int(rng.integers(0, 8)), [0]) for _ in range(30)]
    # Values come as params, so that one search tries one vector; what is not sent does not match.
    value = '{"constant_score": {"filter": {"match_all": {}}, "boost": {{v%d}}}}'
    template = "{{#has%d}}" + value + '{{/has%d}}{{^has%d}}{"match_none": {}}{{/has%d}}'
    ranking.put_set("s", *({"name": f"f{i}", "template": template.replace("%d", str(i))} for i in range(FEATURES)))
    definition = {"splits": trees, "missing_as_zero": missing_as_zero}
    assert ranking.create_model("s", "m", "model/xgboost+json", definition).status == 201
    for _ in range(60):
        values = {f"f{i}": np.float32(rng.integers(0, 6)) / np.float32(2) for i in range(FEATURES)}
        sent = {i for i in range(FEATURES) if rng.random() > 0.3}
        params = {f"has{i}": i in sent for i in range(FEATURES)} | {
            f"v{i}": float(values[f"f{i}"]) for i in range(FEATURES)
        }
        default = np.float32(0) if missing_as_zero else np.float32("nan")
        seen = {f"f{i}": values[f"f{i}"] if i in sent else default for i in range(FEATURES)}
        expected = np.float32(0)
        for tree in trees:
            expected = np.float32(expected + walk(tree, seen))
        assert np.float32(ranking.scores(model="m", params=params)["1"]) == expected


@pytest.mark.parametrize(("missing", "expected"), [("yes", 0.25), ("no", 0.5), (None, 0.5)])
def test_missing_goes_where_the_split_says_and_else_to_no(ranking, missing, expected):
    ranking.put_set("s", price())
    tree = split(0, "price", 4, leaf(1, 0.25), leaf(2, 0.5), missing=missing)
    ranking.create_model("s", "m", "model/xgboost+json", [tree])
    assert ranking.scores(model="m") == {"1": 0.25, "2": 0.5, "3": expected, "4": 0.25}


def test_less_than_the_threshold_and_not_equal(ranking):
    ranking.put_set("s", price())
    ranking.create_model("s", "m", "model/xgboost+json", [split(0, "price", 3, leaf(1, 1), leaf(2, 2))])
    assert ranking.scores(model="m")["1"] == 2


def test_negative_zero_equals_zero(ranking):
    ranking.put_set("s", derived("d", "-0.0 * 1"))
    ranking.create_model("s", "m", "model/xgboost+json", [split(0, "d", 0, leaf(1, 1), leaf(2, 2))])
    assert ranking.scores(model="m")["1"] == 2


@pytest.mark.parametrize("objective", ["rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear", None])
def test_raw_objectives(ranking, objective):
    ranking.put_set("s", price())
    named = {"objective": objective} if objective else {}
    ranking.create_model("s", "m", "model/xgboost+json", {"splits": [leaf(0, -1.5), leaf(0, 0.25)]} | named)
    assert ranking.scores(model="m")["1"] == -1.25


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic"])
def test_logistic_objectives_are_computed_in_double(ranking, objective):
    ranking.put_set("s", price())
    ranking.create_model("s", "m", "model/xgboost+json", {"splits": [leaf(0, -20.0)], "objective": objective})
    assert np.float32(ranking.scores(model="m")["1"]) == np.float32(1 / (1 + math.exp(20)))


def test_numbers_may_be_strings_and_the_definition_too(ranking):
    ranking.put_set("s", price())
    tree = split(0, "price", "4", leaf(1, "0.25"), leaf(2, 0.5))
    assert ranking.create_model("s", "m", "model/xgboost+json", json.dumps([tree])).status == 201
    assert ranking.scores(model="m")["2"] == 0.5


SOUND = split(0, "price", 4, leaf(1, 1), leaf(2, 2))


@pytest.mark.parametrize(
    "definition",
    [
        [],
        {},
        {"splits": []},
        {"splits": [SOUND], "objective": "reg:squarederror"},
        {"splits": [SOUND], "surprise": 1},
        {"splits": SOUND},
        [SOUND | {"gain": 1}],
        [SOUND | {"split": "f0"}],
        [SOUND | {"missing": 3}],
        [SOUND | {"leaf": 1}],
        [SOUND | {"children": [leaf(2, 2), leaf(1, 1)]}],
        [SOUND | {"children": [leaf(1, 1)]}],
        [SOUND | {"children": [leaf(1, 1), leaf(2, 2), leaf(3, 3)]}],
        [SOUND | {"children": []}],
        *([{key: value for key, value in SOUND.items() if key != absent}] for absent in SOUND if absent != "missing"),
        [{"nodeid": 0}],
        [{"leaf": 1}],
        [leaf(0, "much")],
        [1],
        "text",
    ],
)
def test_faulty_definitions_are_refused(ranking, definition):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/xgboost+json", definition)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception"), reply.text
    assert "caused_by" in reply.body["error"]
