"""Feature logging: ext.ltr_log."""

import pytest
from engine_http import derived, price, words

pytestmark = pytest.mark.live


@pytest.fixture
def logged(ranking):
    ranking.put_set("s", words(), price(), derived("plus", "price + 1"))
    ranking.create_model("s", "m", "model/linear", {"words": 1})
    return ranking


def ext(*specs: dict) -> dict:
    return {"ltr_log": {"log_specs": list(specs)}}


def test_one_entry_a_feature_and_no_value_where_it_does_not_match(logged):
    log = logged.log(featureset="s", params={"keywords": "red"})
    assert log["3"]["words"] > 0
    assert log["3"] | {"words": 0} == {"words": 0, "price": None, "plus": 1.0}
    assert log["2"] == {"words": None, "price": 5.5, "plus": 6.5}
    assert list(log["2"]) == ["words", "price", "plus"]


def test_missing_as_zero(logged):
    log = logged.log(featureset="s", params={"keywords": "red"}, missing_as_zero=True)
    assert log["2"] == {"words": 0.0, "price": 5.5, "plus": 6.5}


def test_inactive_features_are_listed(logged):
    log = logged.log(featureset="s", active_features=["price"])
    assert log["2"] == {"words": None, "price": 5.5, "plus": None}


def test_values_are_those_of_the_first_pass_query(logged):
    hits = logged.search({"match": {"title": "red"}}).body["hits"]["hits"]
    log = logged.log(model="m", params={"keywords": "red"})
    assert {hit["_id"]: hit["_score"] for hit in hits} == {key: log[key]["words"] for key in ("1", "3")}


@pytest.mark.parametrize("boost", [0, 0.5, 3])
def test_boost_is_not_logged(logged, boost):
    plain = logged.log(featureset="s", params={"keywords": "red"})
    assert logged.log(featureset="s", params={"keywords": "red"}, boost=boost) == plain


def test_logs_of_named_queries_and_rescorers_side_by_side(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="first")
    rescorer = logged.sltr(model="m", params={"keywords": "shoe"}, boost=2)
    body = {"bool": {"must": {"match_all": {}}, "should": [named]}}
    rescore = [{"query": {"rescore_query": rescorer}}]
    specs = ext({"named_query": "first"}, {"rescore_index": 0}, {"name": "mine", "rescore_index": 0})
    hits = logged.search(body, rescore=rescore, ext=specs).body["hits"]["hits"]
    log = next(hit for hit in hits if hit["_id"] == "2")["fields"]["_ltrlog"]
    assert len(log) == 1
    assert list(log[0]) == ["first", "rescore[0]", "mine"]
    assert "value" not in log[0]["first"][0]
    assert log[0]["mine"] == log[0]["rescore[0]"]
    assert log[0]["mine"][0]["value"] > 0


def test_rescorers_alone_are_logged(logged):
    rescore = {"query": {"rescore_query": logged.sltr(featureset="s", active_features=["price"])}}
    hits = logged.search({"match_all": {}}, rescore=rescore, ext=ext({"rescore_index": 0})).body["hits"]["hits"]
    assert all("rescore[0]" in hit["fields"]["_ltrlog"][0] for hit in hits)


def test_a_filter_can_be_logged(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    hits = logged.search({"bool": {"filter": named}}, ext=ext({"named_query": "x"})).body["hits"]["hits"]
    assert hits[0]["fields"]["_ltrlog"][0]["x"][2]["name"] == "plus"


def test_one_spec_needs_no_list(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    specs = {"ltr_log": {"log_specs": {"named_query": "x"}}}
    assert logged.search(named, ext=specs).body["hits"]["hits"][0]["fields"]["_ltrlog"]


def test_infinite_and_undefined_values_are_strings(ranking):
    ranking.put_set("s", derived("inf", "1 / 0"), derived("nan", "ln(-1)"))
    log = ranking.log(featureset="s")
    assert log["1"] == {"inf": "Infinity", "nan": "NaN"}


def test_wrong_targets_are_refused(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    both = {"bool": {"must": [named, {"match_all": {"_name": "all"}}]}}
    inside = {"query": {"rescore_query": {"bool": {"must": named}}}}
    cases = [
        (both, None, {"named_query": "y"}),
        (both, None, {"named_query": "all"}),
        (both, None, {"rescore_index": 0}),
        (both, [inside], {"rescore_index": 0}),
        (both, [inside], {"rescore_index": 1}),
        ({"match_all": {}}, [inside], {"rescore_index": 0}),
        ({"match_all": {}}, [inside], {"rescore_index": 1}),
    ]
    for query, rescore, spec in cases:
        reply = logged.search(query, ext=ext(spec), **({"rescore": rescore} if rescore else {}))
        assert reply.status == 400, (spec, reply.text)
        assert reply.body["error"]["root_cause"][0]["type"] == "illegal_argument_exception"


def test_without_any_named_query_logging_is_skipped(logged):
    rescore = {"query": {"rescore_query": logged.sltr(featureset="s", active_features=["price"])}}
    for body in (
        {"ext": ext({"named_query": "x"})},
        {"ext": ext({"rescore_index": 0})},
        {"ext": ext({"named_query": "x"}), "rescore": rescore},
    ):
        reply = logged.search({"match_all": {}}, **body)
        assert reply.status == 200
        assert "fields" not in reply.body["hits"]["hits"][0]


@pytest.mark.parametrize(
    "specs",
    [
        {},
        {"log_specs": []},
        {"log_specs": {}},
        {"log_specs": {"rescore_index": -1}},
        {"log_specs": {"query_rescore": 0}},
    ],
)
def test_faulty_specs_do_not_parse(logged, specs):
    reply = logged.search({"match_all": {}}, ext={"ltr_log": specs})
    assert reply.status == 400
    assert reply.error in {"parsing_exception", "x_content_parse_exception"}


def test_logs_hold_the_statistics_that_scored(ranking, node):
    """With dfs_query_then_fetch the shards score with common statistics, and log what they scored."""
    index = "enginetests-shards"
    node("DELETE", f"/{index}")
    settings = {"number_of_shards": 4, "number_of_replicas": 0}
    node("PUT", f"/{index}", {"settings": settings, "mappings": {"properties": {"title": {"type": "text"}}}})
    try:
        for i in range(12):
            node("PUT", f"/{index}/_doc/{i}?refresh=true", {"title": "red shoe" if i % 3 else "blue shoe"})
        ranking.put_set("s", words())
        query = ranking.sltr(featureset="s", params={"keywords": "blue"}, _name="x")
        body = {"query": query, "size": 12, "ext": ext({"named_query": "x"})}
        hits = node("POST", f"/{index}/_search?search_type=dfs_query_then_fetch", body).body["hits"]["hits"]
        scores = {hit["_score"] for hit in hits if hit["_score"] > 0}
        logged = {hit["fields"]["_ltrlog"][0]["x"][0].get("value") for hit in hits} - {None}
        assert len(scores) == 1
        assert logged == scores
    finally:
        node("DELETE", f"/{index}")


def test_inner_hits_are_left_alone(ranking, node):
    index = "enginetests-nested"
    node("DELETE", f"/{index}")
    parts = {"type": "nested", "properties": {"name": {"type": "keyword"}}}
    node("PUT", f"/{index}", {"mappings": {"properties": {"parts": parts, "title": {"type": "text"}}}})
    try:
        node("PUT", f"/{index}/_doc/1?refresh=true", {"title": "red", "parts": [{"name": "a"}, {"name": "b"}]})
        ranking.put_set("s", words())
        query = ranking.sltr(featureset="s", params={"keywords": "red"}, _name="x")
        nested = {"nested": {"path": "parts", "query": {"term": {"parts.name": "b"}}, "inner_hits": {}}}
        body = {"query": {"bool": {"must": [query, nested]}}, "ext": ext({"named_query": "x"})}
        hit = node("POST", f"/{index}/_search", body).body["hits"]["hits"][0]
        assert hit["fields"]["_ltrlog"][0]["x"][0]["value"] > 0
        assert "fields" not in hit["inner_hits"]["parts"]["hits"]["hits"][0]
    finally:
        node("DELETE", f"/{index}")


def test_queries_after_or_beside_the_main_one_are_not_found_by_name(logged):
    """In post_filter the log is left out silently; the names of a rescore are not known at all."""
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    reply = logged.search({"match_all": {}}, post_filter=named, ext=ext({"named_query": "x"}))
    assert reply.status == 200
    assert all("fields" not in hit for hit in reply.body["hits"]["hits"])
    rescore = {"query": {"rescore_query": named}}
    main = {"match_all": {"_name": "all"}}
    reply = logged.search(main, rescore=rescore, ext=ext({"named_query": "x"}))
    assert reply.status == 400


def test_a_spec_may_have_both_targets_under_one_name(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    rescore = {"query": {"rescore_query": logged.sltr(model="m", params={"keywords": "shoe"})}}
    both = ext({"named_query": "x", "rescore_index": 0, "name": "n"})
    hits = logged.search(named, rescore=rescore, ext=both).body["hits"]["hits"]
    assert all(list(hit["fields"]["_ltrlog"][0]) == ["n"] for hit in hits)


def test_missing_as_zero_is_a_matter_of_each_spec(logged):
    named = logged.sltr(featureset="s", active_features=["price"], _name="x")
    specs = ext({"named_query": "x"}, {"name": "zero", "named_query": "x", "missing_as_zero": True})
    log = logged.search(named, ext=specs).body["hits"]["hits"][0]["fields"]["_ltrlog"][0]
    assert "value" not in log["x"][0]
    assert log["zero"][0] == {"name": "words", "value": 0.0}


def test_models_with_missing_as_zero_log_as_any_other(logged):
    leaves = [{"nodeid": 1, "leaf": 1}, {"nodeid": 2, "leaf": 2}]
    split = {"nodeid": 0, "depth": 0, "split": "price", "split_condition": 1, "yes": 1, "no": 2, "children": leaves}
    logged.create_model("s", "zero", "model/xgboost+json", {"splits": [split], "missing_as_zero": True})
    log = logged.log(model="zero", params={"keywords": "red"})
    assert log["3"]["price"] is None
    assert log["3"]["plus"] == 1.0
    assert logged.scores(model="zero", params={"keywords": "red"})["3"] == 1


def test_logs_pass_through_search_pipelines(logged, node, elasticsearch):
    """Processors that parse queries anew, fetch more than asked for, and rearrange the hits."""
    if elasticsearch:
        pytest.skip("Elasticsearch has no search pipelines")
    pipeline = "/_search/pipeline/enginetests"
    inside = logged.sltr(featureset="s", active_features=["price"], params={})
    processors = {
        "request_processors": [
            {"filter_query": {"query": {"bool": {"must": [inside], "must_not": [{"ids": {"values": ["4"]}}]}}}},
            {"oversample": {"sample_factor": 2}},
        ],
        "response_processors": [{"truncate_hits": {}}],
    }
    assert node("PUT", pipeline, processors).status == 200
    try:
        query = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
        rescore = {"query": {"rescore_query": logged.sltr(model="m", params={"keywords": "red"})}}
        specs = ext({"named_query": "x"}, {"name": "again", "rescore_index": 0})
        body = {"query": query, "rescore": rescore, "ext": specs, "size": 2}
        reply = node("POST", f"/{logged.index}/_search?search_pipeline=enginetests", body)
        assert reply.status == 200, reply.text
        hits = reply.body["hits"]["hits"]
        assert len(hits) == 2
        assert "4" not in {hit["_id"] for hit in hits}
        plain = logged.log(featureset="s", params={"keywords": "red"})
        for hit in hits:
            log = hit["fields"]["_ltrlog"][0]
            assert {entry["name"]: entry.get("value") for entry in log["x"]} == plain[hit["_id"]]
            assert log["again"] == log["x"]
    finally:
        node("DELETE", pipeline)


def test_logs_come_with_fields_of_other_sorts(logged):
    named = logged.sltr(featureset="s", params={"keywords": "red"}, _name="x")
    hit = logged.search(named, ext=ext({"named_query": "x"}), docvalue_fields=["price"]).body["hits"]["hits"][0]
    assert set(hit["fields"]) >= {"_ltrlog"}
    assert hit["matched_queries"] == ["x"]


def test_inner_hits_may_hold_an_sltr_of_their_own(ranking, node):
    index = "enginetests-nested"
    node("DELETE", f"/{index}")
    parts = {"type": "nested", "properties": {"size": {"type": "float"}}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    node("PUT", f"/{index}", {"settings": settings, "mappings": {"properties": {"parts": parts}}})
    try:
        node("PUT", f"/{index}/_doc/1?refresh=true", {"parts": [{"size": 1}, {"size": 5}, {"size": 3}]})
        size = {"function_score": {"query": {"match_all": {}}, "boost_mode": "replace",
                                   "field_value_factor": {"field": "parts.size", "missing": 0}}}  # fmt: skip
        ranking.put_set("s", {"name": "size", "template": size})
        query = ranking.sltr(featureset="s", _name="x")
        inner = {"nested": {"path": "parts", "query": query, "score_mode": "max", "inner_hits": {}}}
        body = {"query": {"bool": {"must": [inner]}}, "ext": ext({"named_query": "x"})}
        hit = node("POST", f"/{index}/_search", body).body["hits"]["hits"][0]
        found = hit["inner_hits"]["parts"]["hits"]["hits"]
        assert [each["_score"] for each in found] == [5, 3, 1]
        assert hit["_score"] == 5
    finally:
        node("DELETE", f"/{index}")
