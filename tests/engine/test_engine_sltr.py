"""The sltr query: what it takes, and how it scores."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from engine_http import PRODUCTS, derived, price, words

pytestmark = pytest.mark.live


@pytest.fixture
def summed(ranking):
    ranking.put_set("s", words(), price())
    return ranking


def title_scores(ranking, keywords: str) -> dict[str, float]:
    hits = ranking.search({"match": {"title": keywords}}).body["hits"]["hits"]
    return {hit["_id"]: hit["_score"] for hit in hits}


def test_a_feature_set_scores_the_float32_sum_of_its_features(summed):
    bm25 = title_scores(summed, "red shoe")
    scores = summed.scores(featureset="s", params={"keywords": "red shoe"})
    for key, product in PRODUCTS.items():
        expected = np.float32(bm25.get(key, 0)) + np.float32(product.get("price", 0))
        assert np.float32(scores[key]) == expected


def test_every_document_matches(summed):
    assert set(summed.scores(featureset="s", params={"keywords": "nothing"})) == set(PRODUCTS)


def test_a_model_wins_over_a_feature_set(summed):
    summed.create_model("s", "m", "model/linear", {"price": -1})
    both = summed.scores(model="m", featureset="s", params={"keywords": "red"})
    assert both == summed.scores(model="m", params={"keywords": "red"})
    assert both["2"] == -5.5


def test_without_scores_it_matches_all_and_loads_no_feature(summed):
    query = summed.sltr(featureset="s", params={"keywords": "nothing"})
    for body in ({"bool": {"filter": query}}, {"bool": {"must": {"match_all": {}}, "filter": query}}):
        assert summed.search(body).body["hits"]["total"]["value"] == len(PRODUCTS)
    assert summed.search({"bool": {"must_not": query}}).body["hits"]["total"]["value"] == 0
    counted = summed.node("POST", f"/{summed.index}/_count", {"query": query})
    assert counted.body["count"] == len(PRODUCTS)


def test_inactive_features_count_as_missing_and_need_no_params(summed):
    scores = summed.scores(featureset="s", active_features=["price"])
    assert scores == {"1": 3.0, "2": 5.5, "3": 0.0, "4": 0.25}
    everything = summed.scores(featureset="s", active_features=[], params={"keywords": "red"})
    assert everything == summed.scores(featureset="s", params={"keywords": "red"})


def test_boost_goes_into_the_features_and_not_to_derived_ones(ranking):
    ranking.put_set("s", words(), derived("one", "1"))
    plain = title_scores(ranking, "red")
    boosted = ranking.scores(featureset="s", params={"keywords": "red"}, boost=2)
    assert np.float32(boosted["1"]) == np.float32(2) * np.float32(plain["1"]) + np.float32(1)
    assert boosted["2"] == 1


def test_rescoring_combines_with_the_first_pass(summed):
    query = summed.sltr(featureset="s", active_features=["price"])
    rescore = {"window_size": 4, "query": {"rescore_query": query, "query_weight": 0.5, "rescore_query_weight": 2}}
    hits = summed.search({"match_all": {}}, rescore=rescore).body["hits"]["hits"]
    scored = {hit["_id"]: hit["_score"] for hit in hits}
    assert scored == {"1": 6.5, "2": 11.5, "3": 0.5, "4": 1.0}
    assert [hit["_id"] for hit in hits] == ["2", "1", "4", "3"]


def test_cache_is_accepted(summed):
    params = {"keywords": "red"}
    with_cache = summed.scores(featureset="s", params=params, cache=True)
    assert with_cache == summed.scores(featureset="s", params=params)


def test_the_same_query_works_inside_others(summed):
    query = summed.sltr(featureset="s", active_features=["price"])
    inside = {"function_score": {"query": {"constant_score": {"filter": {"exists": {"field": "price"}}}}, "boost": 1}}
    body = {"bool": {"must": [query], "filter": [inside]}}
    found = {hit["_id"]: hit["_score"] for hit in summed.search(body).body["hits"]["hits"]}
    assert found == {"1": 3.0, "2": 5.5, "4": 0.25}


def test_a_feature_may_be_an_sltr_query(summed, store):
    assert store
    inner = {"name": "inner", "template": summed.sltr(featureset="s", active_features=["price"])}
    summed.put_set("outer", inner, price())
    assert summed.scores(featureset="outer")["2"] == 11.0


@pytest.mark.parametrize(
    "fields",
    [
        {"featureset": "s", "surprise": 1},
        {"params": {}},
        {"featureset": "s", "store": ""},
        {"featureset": "s", "store": "a*"},
        {"featureset": "s", "params": "text"},
    ],
)
def test_faulty_queries_do_not_parse(summed, fields):
    query = summed.sltr(**fields)
    reply = summed.search(query)
    assert reply.status == 400
    assert reply.error in {"parsing_exception", "x_content_parse_exception"}


def test_params_are_mandatory(summed):
    reply = summed.search({"sltr": {"featureset": "s", "store": "enginetests"}})
    assert (reply.status, reply.error) == (400, "parsing_exception")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"model": "none"}, "resource_not_found_exception"),
        ({"featureset": "none"}, "resource_not_found_exception"),
        ({"featureset": "s", "store": "enginetests_none"}, "index_not_found_exception"),
    ],
)
def test_unknown_targets_are_named_in_the_cause(summed, fields, cause):
    reply = summed.search(summed.sltr(**fields))
    assert (reply.status, reply.error) == (400, "search_phase_execution_exception")
    failure = reply.body["error"]["failed_shards"][0]["reason"]
    assert failure["type"] == "query_shard_exception"
    assert failure["caused_by"]["type"] == cause


def test_missing_params_and_unknown_active_features_are_refused(ranking):
    ranking.put_set("s", {"name": "a", "params": ["x", "y", "z"], "template": {"match_all": {}}})
    reply = ranking.search(ranking.sltr(featureset="s", params={"y": None}))
    assert reply.status == 400
    assert "x,z" in reply.body["error"]["failed_shards"][0]["reason"]["reason"]
    assert ranking.scores(featureset="s", params={"x": 1, "y": None, "z": 1})["1"] == 1
    reply = ranking.search(ranking.sltr(featureset="s", active_features=["b"]))
    assert reply.status == 400
    assert reply.body["error"]["failed_shards"][0]["reason"]["type"] == "query_shard_exception"


def test_a_feature_that_makes_no_query_is_named(ranking):
    ranking.put_set("s", {"name": "odd", "template": '{"match": {"title": {{x}}}}'})
    reply = ranking.search(ranking.sltr(featureset="s"))
    failure = reply.body["error"]["failed_shards"][0]["reason"]
    assert (reply.status, failure["type"]) == (400, "query_shard_exception")
    assert "odd" in failure["reason"]
    assert "caused_by" in failure


def test_changes_of_a_set_are_seen_by_the_next_search(summed, node, store):
    assert summed.scores(featureset="s", active_features=["price"])["1"] == 3
    node("POST", f"{store}/_featureset/s", {"featureset": {"features": [derived("price", "7")]}})
    assert summed.scores(featureset="s", active_features=["price"])["1"] == 7
    node("DELETE", f"{store}/_featureset/s")
    assert summed.search(summed.sltr(featureset="s")).status == 400


def test_cache_statistics_follow_use_clearing_and_deletion(summed, node, store):
    def cached() -> dict:
        return node("GET", "/_ltr/_cachestats").body["stores"].get(".ltrstore_enginetests", {})

    node("POST", f"{store}/_clearcache")
    assert cached() == {}
    summed.create_model("s", "m", "model/linear", {})
    summed.scores(model="m", params={"keywords": "red"})
    summed.scores(featureset="s", params={"keywords": "red"})
    stats = cached()
    assert stats["features"] == {"ram": 0, "count": 0}
    assert stats["models"]["count"] == stats["featuresets"]["count"] == 1
    assert stats["total"]["ram"] == stats["models"]["ram"] + stats["featuresets"]["ram"] > 0
    node("DELETE", f"{store}/_model/m")
    assert cached()["models"]["count"] == 0
    assert node("POST", f"{store}/_clearcache")[:2] == (200, {"acknowledged": True})
    assert cached() == {}
    summed.scores(featureset="s", params={"keywords": "red"})
    node("DELETE", store)
    assert cached() == {}


def test_clearing_an_unknown_store_is_acknowledged(node):
    assert node("POST", "/_ltr/enginetests_none/_clearcache")[:2] == (200, {"acknowledged": True})


def test_parallel_searches_over_shards_and_segments_score_alike(ranking, node):
    index = "enginetests-many"
    node("DELETE", f"/{index}")
    mapping = {"properties": {"title": {"type": "text"}, "price": {"type": "float"}}}
    settings = {"number_of_shards": 3, "number_of_replicas": 0}
    node("PUT", f"/{index}", {"settings": settings, "mappings": mapping})
    try:
        prices = np.random.default_rng(7).uniform(1, 9, 400).astype(np.float32)
        for start in range(0, 400, 100):  # a refresh each time: several segments to a shard
            lines = [f'{{"index":{{"_id":"{i}"}}}}\n{{"price":{prices[i]}}}\n' for i in range(start, start + 100)]
            assert not node("POST", f"/{index}/_bulk?refresh=true", "".join(lines)).body["errors"]
        ranking.put_set("p", price(), derived("scaled", "price * w + 1", "w"))
        ranking.create_model("p", "m", "model/linear", {"price": 0.5, "scaled": 0.25})

        def wrong(w: int) -> int:
            query = {"query": ranking.sltr(model="m", params={"w": w}), "size": 400}
            hits = node("POST", f"/{index}/_search", query).body["hits"]["hits"]
            scaled = (prices.astype(np.float64) * w + 1).astype(np.float32)
            expected = np.float32(0.5) * prices + np.float32(0.25) * scaled
            assert len(hits) == 400
            return sum(np.float32(hit["_score"]) != expected[int(hit["_id"])] for hit in hits)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(wrong, range(40))) == 0
    finally:
        node("DELETE", f"/{index}")


def test_a_post_filter_lets_all_pass_without_running_the_model(ranking):
    """A model that would fail on every document is not run: only its params are looked at."""
    ranking.put_set("s", price())
    query = ranking.sltr(featureset="s")
    reply = ranking.search({"match_all": {}}, post_filter=query)
    assert reply.body["hits"]["total"]["value"] == len(PRODUCTS)
    assert {hit["_score"] for hit in reply.body["hits"]["hits"]} == {1.0}


def test_in_must_beside_a_filter_it_ranks_what_the_filter_finds(summed):
    query = {
        "bool": {"must": summed.sltr(featureset="s", active_features=["price"]), "filter": {"match": {"title": "shoe"}}}
    }
    hits = summed.search(query).body["hits"]["hits"]
    assert [(hit["_id"], hit["_score"]) for hit in hits] == [("2", 5.5), ("1", 3.0)]


def test_negative_scores_pass_except_where_the_core_refuses_them(ranking, elasticsearch):
    ranking.put_set("s", derived("d", "-2.5"))
    query = ranking.sltr(featureset="s")
    rescore = {"query": {"rescore_query": query, "query_weight": 0}}
    for search in (ranking.search(query), ranking.search({"match_all": {}}, rescore=rescore)):
        assert {hit["_score"] for hit in search.body["hits"]["hits"]} == {-2.5}
    refused = ranking.search({"function_score": {"query": query, "weight": 2}})
    assert refused.status == (400 if elasticsearch else 500)
    assert "-5.0" in refused.text


def test_a_score_that_is_no_number_is_null(ranking):
    ranking.put_set("s", derived("d", "ln(-1)"))
    assert set(ranking.scores(featureset="s").values()) == {None}


def test_it_survives_being_written_and_read_again(summed):
    """A wrapper holds a query as text; empty params must not be lost on the way."""
    text = json.dumps(summed.sltr(featureset="s", active_features=["price"], params={}, cache=False, boost=1.5))
    wrapped = {"wrapper": {"query": base64.b64encode(text.encode()).decode()}}
    assert {hit["_id"]: hit["_score"] for hit in summed.search(wrapped).body["hits"]["hits"]}["2"] == 5.5


def test_declared_params_alone_reach_scripts_and_formulas(ranking):
    ranking.put_set("s", {"name": "f", "template_language": "painless", "template": "params.least > 1"})
    assert ranking.search(ranking.sltr(featureset="s", params={"least": 2})).status == 400
    ranking.put_set("d", {"name": "t", "template": '{"match": {"title": "{{undeclared}}"}}'})
    assert ranking.scores(featureset="d", params={"undeclared": "hat"})["3"] > 0


def test_a_profiled_search_scores_alike(summed):
    query = summed.sltr(featureset="s", params={"keywords": "red"})
    hits = summed.search(query, profile=True).body["hits"]["hits"]
    assert {hit["_id"]: hit["_score"] for hit in hits} == summed.scores(featureset="s", params={"keywords": "red"})


def test_deleted_and_created_again_under_its_name_a_model_is_the_new_one(summed, node, store):
    for weight in (1, 2, 3):
        assert summed.create_model("s", "m", "model/linear", {"price": weight}).status == 201
        assert summed.scores(model="m", params={"keywords": "red"})["1"] == 3 * weight
        assert node("DELETE", f"{store}/_model/m").status == 200
