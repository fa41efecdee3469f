"""Explanations: the same numbers as the scores, told apart by feature."""

import numpy as np
import pytest
from engine_http import PRODUCTS, derived, price, words

pytestmark = pytest.mark.live

TREE = {
    "nodeid": 0, "depth": 0, "split": "price", "split_condition": 4, "yes": 1, "no": 2, "missing": 1,
    "children": [{"nodeid": 1, "leaf": 0.25}, {"nodeid": 2, "leaf": 0.5}],
}  # fmt: skip
RAW = {
    "learner": {
        "feature_names": ["twice", "price"], "feature_types": ["float", "float"], "objective": {"name": "rank:ndcg"},
        "gradient_booster": {"name": "gbtree", "model": {"trees": [{
            "left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [1, 0, 0],
            "split_conditions": [4, 1, 2], "default_left": [0, 0, 0],
        }]}},
    },
}  # fmt: skip
LAMBDAMART = (
    '## LambdaMART\n<ensemble><tree id="1" weight="0.1"><split><feature>2</feature><threshold>4</threshold>'
    "<split><output>1</output></split><split><output>2</output></split></split></tree></ensemble>"
)
STANDARD = {"price": {"standard": {"mean": 1, "standard_deviation": 2}}}
MODELS = {
    "model/linear": {"words": 0.3, "price": -1.1, "twice": 0.7},
    "model/ranklib": LAMBDAMART,
    "model/xgboost+json": {"splits": [TREE, {"nodeid": 0, "leaf": -0.75}], "objective": "binary:logistic"},
    "model/xgboost+json+raw": RAW,
}
PARAMS = {"keywords": "red", "w": 2}


def explain(ranking, **fields) -> dict[str, tuple[float, dict]]:
    reply = ranking.search(ranking.sltr(**fields), explain=True)
    assert reply.status == 200, reply.text
    return {hit["_id"]: (hit["_score"], hit["_explanation"]) for hit in reply.body["hits"]["hits"]}


def test_the_value_is_the_score_and_features_stand_in_order(ranking):
    ranking.put_set("s", words(), price(), derived("twice", "price * w", "w"))
    explained = explain(ranking, featureset="s", params=PARAMS)
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


@pytest.mark.parametrize("boost", [1, 2])
@pytest.mark.parametrize("normalizers", [{}, STANDARD], ids=["raw", "normalized"])
@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_explains_its_own_score_from_its_own_values(ranking, kind, normalizers, boost):
    ranking.put_set("s", words(), price(), derived("twice", "price * w", "w"))
    created = ranking.create_model("s", "m", kind, MODELS[kind], feature_normalizers=normalizers)
    assert created.status == 201, created.text
    log = ranking.log(model="m", params=PARAMS)
    for key, (score, explanation) in explain(ranking, model="m", params=PARAMS, boost=boost).items():
        assert np.float32(explanation["value"]) == np.float32(score)
        for feature, logged in zip(explanation["details"], log[key].values(), strict=True):
            if "(twice)" in feature["description"]:
                assert feature["details"][0]["details"][0]["value"] == PARAMS["w"]
            elif logged is None:
                assert "no match" in feature["description"]
            else:  # a function that replaces the score of its query leaves nothing to boost
                factor = boost if "(words)" in feature["description"] else 1
                assert np.float32(feature["value"]) == np.float32(logged) * np.float32(factor)


def test_the_explain_call_gives_the_same(ranking, node):
    ranking.put_set("s", words(), price(), derived("twice", "price * w", "w"))
    query = ranking.sltr(featureset="s", params=PARAMS)
    scores = ranking.scores(featureset="s", params=PARAMS)
    for key in PRODUCTS:
        reply = node("POST", f"/{ranking.index}/_explain/{key}", {"query": query})
        assert reply.status == 200, reply.text
        assert np.float32(reply.body["explanation"]["value"]) == np.float32(scores[key])


def test_trees_explain_missing_as_nan_or_zero(ranking):
    ranking.put_set("s", price())
    ranking.create_model("s", "nan", "model/xgboost+json", [TREE])
    ranking.create_model("s", "zero", "model/xgboost+json", {"splits": [TREE], "missing_as_zero": True})
    for model, default in (("nan", "NaN"), ("zero", "0.00")):
        score, explanation = explain(ranking, model=model)["3"]
        assert score == explanation["value"] == 0.25
        assert explanation["description"] == " LtrModel: naive_additive_decision_tree using features:"
        missing = f"Feature 0(price): [no match, default value of {default} used]"
        assert (explanation["details"][0]["description"], explanation["details"][0]["value"]) == (missing, 0)


def test_values_are_before_normalizers_and_the_score_after(ranking):
    ranking.put_set("s", price())
    ranking.create_model("s", "m", "model/linear", {"price": 1}, feature_normalizers=STANDARD)
    score, explanation = explain(ranking, model="m")["1"]
    assert score == explanation["value"] == 1
    assert explanation["details"][0]["value"] == 3


def test_inactive_features_are_explained_as_missing(ranking):
    ranking.put_set("s", words(), price())
    score, explanation = explain(ranking, featureset="s", active_features=["price"])["1"]
    assert score == explanation["value"] == 3
    assert "no match" in explanation["details"][0]["description"]
