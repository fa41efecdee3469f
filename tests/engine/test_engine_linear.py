"""model/linear."""

import json

import numpy as np
import pytest
from engine_http import derived, price

pytestmark = pytest.mark.live


def test_products_and_sums_are_rounded_to_float32(ranking):
    rng = np.random.default_rng(3)
    constants = rng.normal(size=20).astype(np.float32)
    weights = rng.normal(size=20).astype(np.float32)
    ranking.put_set("s", *(derived(f"f{i}", repr(float(c))) for i, c in enumerate(constants)))
    definition = {f"f{i}": float(w) for i, w in enumerate(weights)}
    assert ranking.create_model("s", "m", "model/linear", definition).status == 201
    expected = np.float32(0)
    for weight, constant in zip(weights, constants, strict=True):
        expected = np.float32(expected + np.float32(weight * constant))
    assert {np.float32(score) for score in ranking.scores(model="m").values()} == {expected}


def test_features_without_a_weight_count_nothing(ranking):
    ranking.put_set("s", price(), derived("d", "7"))
    ranking.create_model("s", "m", "model/linear", {"price": 2})
    ranking.create_model("s", "none", "model/linear", {})
    assert ranking.scores(model="m") == {"1": 6, "2": 11, "3": 0, "4": 0.5}
    assert set(ranking.scores(model="none").values()) == {0}


def test_the_definition_may_be_a_string(ranking, node, store):
    ranking.put_set("s", price())
    text = json.dumps({"price": 2}) + " and more"
    assert ranking.create_model("s", "m", "model/linear", text).status == 201
    assert ranking.scores(model="m")["1"] == 6
    assert node("GET", f"{store}/_model/m").body["_source"]["model"]["model"]["definition"] == text


@pytest.mark.parametrize(
    "definition", [{"none": 1}, {"price": "1"}, {"price": None}, {"price": 1e39}, [], "[1]", "text", ""]
)
def test_faulty_definitions_are_refused(ranking, definition):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/linear", definition)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception"), reply.text
    assert "model/linear" in reply.body["error"]["reason"]
    assert "caused_by" in reply.body["error"]
