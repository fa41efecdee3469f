"""Explanations: the same numbers as the scores, told apart by feature."""

import pytest
from engine_http import PRODUCTS, derived, price, words

pytestmark = pytest.mark.live

TREE = {
    "nodeid": 0, "depth": 0, "split": "price", "split_condition": 4, "yes": 1, "no": 2, "missing": 1,
    "children": [{"nodeid": 1, "leaf": 0.25}, {"nodeid": 2, "leaf": 0.5}],
}  # fmt: skip


def explain(ranking, **fields) -> dict[str, tuple[float, dict]]:
    reply = ranking.search(ranking.sltr(**fields), explain=True)
    assert reply.status == 200, reply.text
    return {hit["_id"]: (hit["_score"], hit["_explanation"]) for hit in reply.body["hits"]["hits"]}


def test_the_value_is_the_score_and_features_stand_in_order(ranking):
    ranking.put_set("s", words(), price(), derived("twice", "price * w", "w"))
    explained = explain(ranking, featureset="s", params={"keywords": "red", "w": 2})
    assert set(explained) == set(PRODUCTS)
    for score, explanation in explained.values():
        assert explanation["value"] == score
        assert explanation["description"] == " LtrModel: linear using features:"
    features = explained["2"][1]["details"]
    assert [(each["value"], each["description"]) for each in features] == [
        (0, "Feature 0(words): [no match, default value of 0.00 used]"),
        (5.5, "Feature 1(price):"),
        (11, "Feature 2(twice):"),
    ]
    assert explained["3"][1]["details"][0]["details"][0]["description"].startswith("weight(title:red")


def test_trees_explain_missing_as_nan_or_zero(ranking):
    ranking.put_set("s", price())
    ranking.create_model("s", "nan", "model/xgboost+json", [TREE])
    ranking.create_model("s", "zero", "model/xgboost+json", {"splits": [TREE], "missing_as_zero": True})
    for model, default in (("nan", "NaN"), ("zero", "0.00")):
        score, explanation = explain(ranking, model=model)["3"]
        assert score == explanation["value"] == 0.25
        assert explanation["description"] == " LtrModel: naive_additive_decision_tree using features:"
        missing = f"Feature 0(price): [no match, default value of {default} used]"
        assert explanation["details"][0]["description"] == missing


def test_values_are_before_normalizers_and_the_score_after(ranking):
    ranking.put_set("s", price())
    normalizers = {"price": {"standard": {"mean": 1, "standard_deviation": 2}}}
    ranking.create_model("s", "m", "model/linear", {"price": 1}, feature_normalizers=normalizers)
    score, explanation = explain(ranking, model="m")["1"]
    assert score == explanation["value"] == 1
    assert explanation["details"][0]["value"] == 3


def test_inactive_features_are_explained_as_missing(ranking):
    ranking.put_set("s", words(), price())
    score, explanation = explain(ranking, featureset="s", active_features=["price"])["1"]
    assert score == explanation["value"] == 3
    assert "no match" in explanation["details"][0]["description"]
