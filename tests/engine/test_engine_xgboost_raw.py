"""model/xgboost+json+raw: what XGBoost itself saves, with leaves where XGBoost itself reads them."""

import json
from typing import Any

import numpy as np
import pytest
import xgboost
from engine_http import price

pytestmark = pytest.mark.live

NAMES = ["d", "b", "a", "c"]


def trained(**params: Any) -> tuple[xgboost.Booster, np.ndarray]:
    rng = np.random.default_rng(4)
    rows = rng.integers(0, 12, (400, 4)).astype(np.float32) / np.float32(4)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    target = np.nan_to_num(rows[:, 0]) * 2 - np.nan_to_num(rows[:, 1]) + rng.normal(size=400) > 1.5
    data = xgboost.DMatrix(rows, label=target, feature_names=NAMES, feature_types=["float"] * 4)
    data.set_group([20] * 20)
    return xgboost.train({"max_depth": 6, "eta": 0.4, "seed": 1, "nthread": 1} | params, data, 12), rows


def saved(booster: xgboost.Booster) -> dict[str, Any]:
    return json.loads(booster.save_raw("json"))


@pytest.fixture
def scored(ranking, node):
    """Scores of a model on rows that are documents; features are their fields, in a set that has more."""
    index = "enginetests-rows"

    def score(definition: Any, rows: np.ndarray) -> np.ndarray:
        node("DELETE", f"/{index}")
        fields = {name: {"type": "float"} for name in NAMES}
        body = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": {"properties": fields}}
        assert node("PUT", f"/{index}", body).status == 200
        lines = []
        for i, row in enumerate(rows):
            document = {name: float(x) for name, x in zip(NAMES, row, strict=True) if not np.isnan(x)}
            lines += [json.dumps({"index": {"_id": i}}), json.dumps(document)]
        assert not node("POST", f"/{index}/_bulk?refresh=true", "\n".join(lines) + "\n").body["errors"]
        features = []
        for name in ("a", "unused", "b", "c", "d"):
            factor = {"field": name, "missing": 0} if name == "unused" else {"field": name}
            query = {"query": {"exists": {"field": name}}, "field_value_factor": factor, "boost_mode": "replace"}
            features.append({"name": name, "template": {"function_score": query}})
        ranking.put_set("rows", *features)
        created = ranking.create_model("rows", "m", "model/xgboost+json+raw", definition)
        assert created.status == 201, created.text
        reply = node("POST", f"/{index}/_search", {"query": ranking.sltr(model="m"), "size": len(rows)})
        scores = np.zeros(len(rows), np.float32)
        for hit in reply.body["hits"]["hits"]:
            scores[int(hit["_id"])] = hit["_score"]
        return scores

    yield score
    node("DELETE", f"/{index}")


def margins(booster: xgboost.Booster, rows: np.ndarray) -> np.ndarray:
    data = xgboost.DMatrix(rows, feature_names=NAMES, feature_types=["float"] * 4)
    data.set_base_margin(np.zeros(len(rows), np.float32))
    return booster.predict(data, output_margin=True)


@pytest.mark.parametrize("method", ["hist", "exact"])
@pytest.mark.parametrize("objective", ["rank:ndcg", "rank:pairwise", "binary:logitraw"])
def test_scores_are_those_of_xgboost_bit_for_bit(scored, method, objective):
    booster, rows = trained(objective=objective, tree_method=method)
    assert np.array_equal(scored(saved(booster), rows[:150]), margins(booster, rows[:150]))


def test_logistic_is_taken_in_double(scored):
    booster, rows = trained(objective="binary:logistic")
    expected = (1 / (1 + np.exp(-margins(booster, rows[:150]).astype(np.float64)))).astype(np.float32)
    assert np.array_equal(scored(booster.save_raw("json").decode(), rows[:150]), expected)


def test_missing_as_zero(scored):
    booster, rows = trained(objective="rank:ndcg")
    definition = saved(booster) | {"missing_as_zero": True}
    assert np.array_equal(scored(definition, rows[:100]), margins(booster, np.nan_to_num(rows[:100])))


def model(**tree: Any) -> dict[str, Any]:
    arrays = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [4, 1, 2],
        "default_left": [1, 0, 0],
        "base_weights": [7, 8, 9],
    }
    arrays = {name: value for name, value in (arrays | tree).items() if value is not None}
    learner = {
        "feature_names": ["price"],
        "feature_types": ["float"],
        "objective": {"name": "rank:ndcg"},
        "gradient_booster": {"name": "gbtree", "model": {"trees": [arrays]}},
    }
    return {"learner": learner, "version": [3, 2, 0], "unheard": [{}]}


@pytest.mark.parametrize(("default_left", "expected"), [(1, 1), (0, 2)])
def test_leaves_come_from_split_conditions_and_missing_goes_its_way(ranking, default_left, expected):
    ranking.put_set("s", price())
    definition = model(default_left=[default_left, 0, 0])
    assert ranking.create_model("s", "m", "model/xgboost+json+raw", definition).status == 201
    assert ranking.scores(model="m") == {"1": 1, "2": 2, "3": expected, "4": 1}


def test_pruned_nodes_are_never_looked_at(ranking):
    ranking.put_set("s", price())
    definition = model(
        left_children=[1, -1, -1, 3], right_children=[2, -1, -1, 3], split_indices=[0, 0, 0, 99],
        split_conditions=[4, 1, 2, 5], default_left=[0, 0, 0, 0],
    )  # fmt: skip
    assert ranking.create_model("s", "m", "model/xgboost+json+raw", definition).status == 201
    assert ranking.scores(model="m")["1"] == 1


def changed(**learner: Any) -> dict[str, Any]:
    whole = model()
    whole["learner"] = {name: value for name, value in (whole["learner"] | learner).items() if value is not None}
    return whole


@pytest.mark.parametrize(
    "definition",
    [
        [],
        [model()],
        {},
        {"learner": {}},
        "text",
        changed(objective=None),
        changed(objective={}),
        changed(objective={"name": "reg:squarederror"}),
        changed(feature_names=None),
        changed(feature_names=[]),
        changed(feature_names=["unknown"]),
        changed(feature_names="price"),
        changed(feature_types=None),
        changed(feature_types=[]),
        changed(feature_types=["int"]),
        changed(gradient_booster=None),
        changed(gradient_booster={"name": "dart", "gbtree": {"model": {"trees": []}}}),
        changed(gradient_booster={"name": "gblinear", "model": {"weights": [1]}}),
        changed(gradient_booster={"name": "gbtree", "model": {"trees": []}}),
        *(model(**{name: None}) for name in model()["learner"]["gradient_booster"]["model"]["trees"][0]
          if name != "base_weights"),
        model(left_children=[]),
        model(left_children=[1, -1]),
        model(left_children=[3, -1, -1]),
        model(left_children=[-7, -1, -1]),
        model(right_children=[1, -1, -1]),
        model(left_children=[0, -1, -1]),
        model(left_children=[1, 0, -1], right_children=[2, 2, -1]),
        model(split_indices=[1, 0, 0]),
        model(split_indices=[-1, 0, 0]),
        model(split_conditions=["NaN", 1, 2]),
        model(split_conditions=[4, 1e39, 2]),
        model(split_conditions=[4, None, 2]),
        model(default_left=[True, False, False]),
        model(split_type=[1, 0, 0]),
    ],
)  # fmt: skip
def test_faulty_definitions_are_refused(ranking, definition):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/xgboost+json+raw", definition)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception"), reply.text
    assert "caused_by" in reply.body["error"]
