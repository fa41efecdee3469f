"""sltr in a rescore: documents are scored in blocks there, and get the scores that they get one by one."""

import json
from typing import Any

import numpy as np
import pytest
from engine_http import derived

pytestmark = pytest.mark.live

INDEX = "enginetests-window"
SIZE = 700
FIELDS = ("a", "b", "c")


def field(name: str) -> dict[str, Any]:
    query = {"query": {"exists": {"field": name}}, "field_value_factor": {"field": name}, "boost_mode": "replace"}
    return {"name": name, "template": {"function_score": query}}


def tree(rng: np.random.Generator, leaves: int, counter: list[int]) -> dict[str, Any]:
    counter[0] += 1
    node = counter[0]
    if leaves == 1:
        return {"nodeid": node, "leaf": float(np.float32(rng.normal()))}
    yes = int(rng.integers(1, leaves))
    children = [tree(rng, yes, counter), tree(rng, leaves - yes, counter)]
    ids = [child["nodeid"] for child in children]
    feature = str(rng.choice([*FIELDS, "sum"]))
    return {
        "nodeid": node, "depth": 0, "split": feature, "split_condition": float(rng.integers(8)),
        "yes": ids[0], "no": ids[1], "missing": int(rng.choice(ids)), "children": children,
    }  # fmt: skip


@pytest.fixture(scope="module")
def window(node) -> Any:
    """An index of several segments in one shard, with small whole numbers, of which every fifth is missing."""
    rng = np.random.default_rng(9)
    node("DELETE", f"/{INDEX}")
    mapping = {"properties": {name: {"type": "float"} for name in (*FIELDS, "order")}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1}
    assert node("PUT", f"/{INDEX}", {"settings": settings, "mappings": mapping}).status == 200
    for start in range(0, SIZE, SIZE // 3):
        lines = []
        for i in range(start, min(SIZE, start + SIZE // 3)):
            row = {name: int(rng.integers(8)) for name in FIELDS if rng.random() > 0.2}
            lines += [json.dumps({"index": {"_id": i}}), json.dumps(row | {"order": i + 1})]
        assert not node("POST", f"/{INDEX}/_bulk?refresh=true", "\n".join(lines) + "\n").body["errors"]
    yield INDEX
    node("DELETE", f"/{INDEX}")


FIRST = {
    "function_score": {"query": {"match_all": {}}, "field_value_factor": {"field": "order"}, "boost_mode": "replace"}
}
MODELS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "trees": (
        "model/xgboost+json",
        [tree(np.random.default_rng(1), n, [0]) for n in (1, 2, 31, 31, 32, 33, 90, 31)],
        {},
    ),
    "large": ("model/xgboost+json", [tree(np.random.default_rng(2), n, [0]) for n in (300, 31)], {}),
    "logistic": (
        "model/xgboost+json",
        {
            "splits": [tree(np.random.default_rng(i), 31, [0]) for i in (3, 4)],
            "objective": "binary:logistic",
            "missing_as_zero": True,
        },
        {"a": {"standard": {"mean": 1.5, "standard_deviation": 0.5}}},
    ),
    "linear": ("model/linear", {"a": 0.3, "b": -1.7, "sum": 0.01}, {"b": {"min_max": {"minimum": 1, "maximum": 3}}}),
    "line": ("model/ranklib", "## Coordinate Ascent\n1:0.1 4:0.3", {}),
}


@pytest.fixture(params=MODELS)
def model(request, ranking, window) -> str:
    ranking.index = window
    ranking.put_set("s", *(field(name) for name in FIELDS), derived("sum", "a + b * w", "w"))
    kind, definition, normalizers = MODELS[request.param]
    created = ranking.create_model("s", request.param, kind, definition, feature_normalizers=normalizers)
    assert created.status == 201, created.text
    return request.param


def scores(reply: Any) -> dict[str, float]:
    assert reply.status == 200, reply.text
    return {hit["_id"]: hit["_score"] for hit in reply.body["hits"]["hits"]}


@pytest.mark.parametrize("boost", [1, 2.5])
def test_blocks_score_as_single_documents_do(ranking, model, boost):
    query = ranking.sltr(model=model, params={"w": 0.5}, boost=boost)
    single = scores(ranking.search(query, size=SIZE))
    assert len(set(single.values())) > 5
    for size in (1, 15, 16, 64, 333, SIZE):
        rescore = {"window_size": size, "query": {"rescore_query": query, "query_weight": 0}}
        found = scores(ranking.search(FIRST, rescore=rescore, size=size))
        assert set(found) == {str(i) for i in range(SIZE - size, SIZE)}
        assert found == {key: single[key] for key in found}


def test_the_query_knows_its_window(ranking, model):
    rescore = {"window_size": 100, "query": {"rescore_query": ranking.sltr(model=model, params={"w": 0.5})}}
    reply = ranking.search(FIRST, rescore=rescore, profile=True)
    queries = reply.body["profile"]["shards"][0]["searches"][0]["query"]
    assert any(
        query["description"].startswith("sltr(") and "100 documents" in query["description"] for query in queries
    )


def test_explanations_and_logs_of_a_rescore_agree_with_it(ranking, model):
    query = ranking.sltr(model=model, params={"w": 0.5})
    rescore = {"window_size": 50, "query": {"rescore_query": query, "query_weight": 0}}
    log = {"ltr_log": {"log_specs": {"rescore_index": 0, "missing_as_zero": True}}}
    hits = ranking.search(FIRST, rescore=rescore, size=60, explain=True, ext=log).body["hits"]["hits"]
    assert len(hits) == 60
    for hit in hits:
        assert np.float32(hit["_explanation"]["value"]) == np.float32(hit["_score"])
        logged = {entry["name"]: entry["value"] for entry in hit["fields"]["_ltrlog"][0]["rescore[0]"]}
        assert logged["sum"] == logged["a"] + logged["b"] * 0.5
    explained = [hit for hit in hits if "LtrModel" in str(hit["_explanation"])]
    assert {hit["_id"] for hit in explained} == {str(i) for i in range(SIZE - 50, SIZE)}


COMBINED = {
    "total": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "avg": lambda x, y: (x + y) / 2,
    "max": max,
    "min": min,
}


@pytest.fixture
def plain(ranking, window):
    ranking.index = window
    ranking.put_set("s", field("a"), derived("one", "1"))
    return ranking


@pytest.mark.parametrize("mode", COMBINED)
def test_scores_are_combined_by_the_rescorer_of_the_node(plain, mode):
    query = plain.sltr(featureset="s")
    ours = scores(plain.search(query, size=SIZE))
    weights = {"query_weight": 0.5, "rescore_query_weight": 2, "score_mode": mode}
    rescore = {"window_size": SIZE, "query": {"rescore_query": query, **weights}}
    for key, score in scores(plain.search(FIRST, rescore=rescore, size=SIZE)).items():
        assert score == COMBINED[mode]((int(key) + 1) * 0.5, ours[key] * 2)


def test_the_window_is_ten_documents_unless_stated_and_the_others_keep_their_place(plain):
    rescore = {"query": {"rescore_query": plain.sltr(featureset="s"), "rescore_query_weight": 1000}}
    found = scores(plain.search(FIRST, rescore=rescore, size=30))
    assert sorted(int(key) for key in list(found)[:10]) == list(range(SIZE - 10, SIZE))
    assert [int(key) for key in list(found)[10:]] == list(range(SIZE - 11, SIZE - 31, -1))


def test_rescorers_follow_one_another(plain):
    first = {"window_size": 100, "query": {"rescore_query": plain.sltr(featureset="s"), "query_weight": 0}}
    second = {"window_size": 20, "query": {"rescore_query": plain.sltr(featureset="s", active_features=["one"])}}
    once = scores(plain.search(FIRST, rescore=[first], size=100))
    twice = scores(plain.search(FIRST, rescore=[first, second], size=100))
    top = list(once)[:20]
    assert twice == {key: score + 1 if key in top else score for key, score in once.items()}


def test_a_search_over_several_shards_with_common_statistics(ranking, node):
    index = "enginetests-window-shards"
    node("DELETE", f"/{index}")
    settings = {"number_of_shards": 3, "number_of_replicas": 0}
    node("PUT", f"/{index}", {"settings": settings, "mappings": {"properties": {"title": {"type": "text"}}}})
    try:
        lines = []
        for i in range(60):
            lines += [json.dumps({"index": {"_id": i}}), json.dumps({"title": "blue shoe" if i % 7 else "red shoe"})]
        node("POST", f"/{index}/_bulk?refresh=true", "\n".join(lines) + "\n")
        ranking.put_set("s", {"name": "words", "params": ["q"], "template": {"match": {"title": "{{q}}"}}})
        query = ranking.sltr(featureset="s", params={"q": "red"})
        rescore = {"window_size": 60, "query": {"rescore_query": query, "query_weight": 0}}
        body = {"query": {"match_all": {}}, "rescore": rescore, "size": 60}
        found = scores(node("POST", f"/{index}/_search?search_type=dfs_query_then_fetch", body))
        assert len({score for score in found.values() if score > 0}) == 1
        assert {int(key) for key, score in found.items() if score > 0} == set(range(0, 60, 7))
    finally:
        node("DELETE", f"/{index}")
