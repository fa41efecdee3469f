"""What all calls under /_ltr have in common: methods, parameters, forms of bodies, errors."""

import json
import uuid

import pytest
from engine_http import price, words

pytestmark = pytest.mark.live

FEATURE = {"feature": {"template": {"match_all": {}}}}
SET = {"featureset": {"features": [words()]}}
LINEAR = {"type": "model/linear", "definition": {"words": 1}}
MODEL = {"model": {"feature_set": {"name": "s", "features": [words()]}, "model": LINEAR}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", ""),
        ("PATCH", ""),
        ("HEAD", "/_feature"),
        ("PUT", "/_feature"),
        ("PATCH", "/_model/m"),
        ("GET", "/_featureset/s/_addfeatures"),
        ("PUT", "/_featureset/s/_addfeatures/x"),
        ("GET", "/_featureset/s/_createmodel"),
        ("GET", "/_clearcache"),
    ],
)
def test_a_wrong_method_is_405_with_an_error_in_words(node, store, method, path):
    for base in (store, "/_ltr"):
        reply = node(method, base + path)
        assert reply.status == 405
        if method != "HEAD":
            assert reply.body["error"].startswith("Incorrect HTTP method")
            assert reply.body["status"] == 405


def test_there_is_no_call_for_statistics_or_settings(node):
    for path in ("/_ltr/_stats", "/_ltr/_settings"):
        assert node("GET", path).status in {400, 404, 405}
    assert node("POST", "/_ltr/_cachestats").status in {400, 405}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "_feature/f", FEATURE),
        ("GET", "_feature/f", None),
        ("DELETE", "_feature/f", None),
        ("GET", "_feature", None),
        ("PUT", "_featureset/s", SET),
        ("POST", "_featureset/s/_addfeatures", {"features": [words()]}),
        ("POST", "_featureset/s/_createmodel", {"model": {"name": "m", "model": LINEAR}}),
        ("POST", "_clearcache", None),
    ],
)
def test_parameters_are_strict_and_the_usual_ones_go_everywhere(node, store, method, path, body):
    refused = node(method, f"{store}/{path}?surprise=1", body)
    assert (refused.status, refused.error) == (400, "illegal_argument_exception")
    assert "surprise" in refused.body["error"]["reason"]
    for usual in ("pretty", "human", "error_trace=false", "filter_path=none"):
        assert node(method, f"{store}/{path}?{usual}", body).status in {200, 201, 400, 404, 409}


def test_routing_is_taken_where_documents_are(node, store):
    for method, path, body, status in (
        ("PUT", "_feature/words", {"feature": {"template": words()["template"]}}, 201),
        ("GET", "_feature/words", None, 200),
        ("POST", "_featureset/s/_addfeatures/words", None, 201),
        ("POST", "_featureset/s/_createmodel", {"model": {"name": "m", "model": LINEAR}}, 201),
        ("DELETE", "_feature/words", None, 200),
    ):
        assert node(method, f"{store}/{path}?routing=here", body).status == status, path


def test_bodies_may_have_any_form_and_come_as_a_parameter(node, store):
    yaml = "---\nfeature:\n  params: q\n  template:\n    match:\n      title: '{{q}}'\n"
    assert node("PUT", f"{store}/_feature/yaml", yaml, kind="application/yaml").status == 201
    cbor = b"\xa1\x67feature\xa1\x68template\xa1\x69match_all\xa0"
    assert node("PUT", f"{store}/_feature/cbor", cbor, kind="application/cbor").status == 201
    source = "source=%7B%22feature%22%3A%7B%22template%22%3A%7B%7D%7D%7D&source_content_type=application/json"
    assert node("PUT", f"{store}/_feature/source?{source}").status == 201
    found = {
        name: node("GET", f"{store}/_feature/{name}").body["_source"]["feature"] for name in ("yaml", "cbor", "source")
    }
    assert (found["yaml"]["params"], found["yaml"]["template"]) == (["q"], {"match": {"title": "{{q}}"}})
    assert found["cbor"]["template"] == {"match_all": {}}
    assert found["source"]["template"] == {}
    assert node("PUT", f"{store}/_feature/text", "template", kind="text/plain").status == 406


@pytest.mark.parametrize("kind", ["_feature/f", "_featureset/s", "_model/m"])
def test_errors_have_the_envelope_of_the_core(node, store, kind):
    reply = node("PUT", f"{store}/{kind}", '{"feature": ')
    assert reply.status == reply.body["status"] == 400
    error = reply.body["error"]
    assert set(error) >= {"root_cause", "type", "reason"}
    assert set(error["root_cause"][0]) >= {"type", "reason"}


def test_the_answers_of_the_engine_never_warn_where_the_core_would(node, store, ranking):
    """Each call comes from a caller of its own, since a node warns a caller only once."""
    ranking.put_set("warm", price())
    search = {"query": ranking.sltr(model="m", params={"keywords": "red"})}
    for method, path, body in (
        ("GET", "/_ltr", None),
        ("GET", store, None),
        ("PUT", f"{store}/_feature/f", FEATURE),
        ("POST", f"{store}/_feature/f", FEATURE),
        ("PUT", f"{store}/_featureset/s", SET),
        ("PUT", f"{store}/_model/m", MODEL),
        ("GET", f"{store}/_model", None),
        ("GET", f"{store}/_model/m", None),
        ("POST", f"{store}/_featureset/s/_addfeatures/f", None),
        ("POST", f"{store}/_featureset/s/_createmodel", {"model": {"name": "n", "model": LINEAR}}),
        ("POST", f"{store}/_clearcache", None),
        ("POST", f"/{ranking.index}/_search", search),
        ("GET", "/_ltr/_cachestats", None),
        ("DELETE", f"{store}/_feature/f", None),
        ("DELETE", store, None),
        ("PUT", store, None),
    ):
        reply = node(method, path, body, caller=uuid.uuid4().hex)
        assert reply.status < 300, (method, path, reply.text)
    reply = node("GET", "/.ltrstore_enginetests/_search", caller=uuid.uuid4().hex, warned=True)
    assert "system indices" in reply.headers["Warning"]


def test_only_indices_that_are_stores_are_listed(node, store):
    """By name and by setting: a system index of the pattern that somebody made by hand is none."""
    assert store
    for index in (".ltrstore_", ".ltrstorex", ".ltrstore_enginetests_byhand"):
        node("DELETE", f"/{index}", warned=True)
        assert node("PUT", f"/{index}", warned=True).status in {200, 400}
    try:
        stores = node("GET", "/_ltr").body["stores"]
        assert "enginetests" in stores
        assert "enginetests_byhand" not in stores
        assert {".ltrstore_", ".ltrstorex"}.isdisjoint(each["index"] for each in stores.values())
    finally:
        for index in (".ltrstore_", ".ltrstorex", ".ltrstore_enginetests_byhand"):
            node("DELETE", f"/{index}", warned=True)


def test_featureset_alone_is_a_name_for_a_store(node):
    try:
        assert node("PUT", "/_ltr/featureset").status == 200
        assert node("POST", "/_ltr/featureset").status == 400
    finally:
        node("DELETE", "/_ltr/featureset")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_is_ignored_where_none_is_needed(node, store, method):
    reply = node(method, store, {"what": ["ever"]})
    assert reply.status == 400
    assert reply.error in {"resource_already_exists_exception", "illegal_argument_exception"}


@pytest.mark.parametrize("path", ["_feature/f", "_featureset/s", "_model/m", "_feature", "_clearcache"])
@pytest.mark.parametrize("name", ["enginetest*", "*", "a,b", "-a"])
def test_wildcards_never_reach_several_stores(node, store, name, path):
    assert store
    method = "POST" if path == "_clearcache" else "GET"
    reply = node(method, f"/_ltr/{name}/{path}")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_a_model_is_parsed_before_its_update_is_refused(node, store):
    broken = {"model": MODEL["model"] | {"surprise": 1}}
    assert node("POST", f"{store}/_model/m", broken).status == 400
    assert node("POST", f"{store}/_model/m", MODEL).status == 405


def test_copies_outlive_what_they_were_made_of(node, store):
    node("PUT", f"{store}/_feature/words", {"feature": {"template": {"match_all": {}}}})
    node("POST", f"{store}/_featureset/s/_addfeatures/words")
    node("POST", f"{store}/_featureset/s/_createmodel", {"model": {"name": "m", "model": LINEAR}})
    node("POST", f"{store}/_feature/words", {"feature": {"template": {"match_none": {}}}})
    assert node("DELETE", f"{store}/_feature/words").status == 200
    assert node("DELETE", f"{store}/_featureset/s").status == 200
    kept = node("GET", f"{store}/_model/m").body["_source"]["model"]["feature_set"]["features"][0]
    assert kept["template"] == {"match_all": {}}


def test_a_set_put_whole_may_have_more_features_than_can_be_added(node, store):
    many = {"featureset": {"features": [{"name": f"f{i}", "template": {}} for i in range(10_001)]}}
    assert node("PUT", f"{store}/_featureset/s", many).status == 201
    one_more = {"features": [{"name": "more", "template": {}}]}
    assert node("POST", f"{store}/_featureset/s/_addfeatures", one_more).status == 400


def test_the_size_of_caches_can_be_changed_while_the_node_runs(ranking, node):
    def cached() -> dict:
        return node("GET", "/_ltr/_cachestats").body["stores"].get(".ltrstore_enginetests", {"total": {"count": 0}})

    def resize(value: str | None) -> int:
        return node("PUT", "/_cluster/settings", {"persistent": {"ltr.caches.max_mem": value}}).status

    ranking.put_set("s", price())
    ranking.create_model("s", "m", "model/linear", {"price": 1})
    ranking.scores(model="m")
    assert cached()["models"]["count"] == 1
    try:
        assert resize("10b") == 200
        assert cached()["total"]["count"] == 0
        assert ranking.scores(model="m")["1"] == 3
        assert cached()["total"]["count"] == 0
        assert resize("-5b") == 400
        assert resize("1mb") == 200
        assert ranking.scores(model="m")["1"] == 3
        assert cached()["total"]["count"] == 1
    finally:
        assert resize(None) == 200


def test_cache_statistics_have_the_shape_of_the_original(ranking, node):
    ranking.put_set("s", price())
    ranking.scores(featureset="s")
    stats = node("GET", "/_ltr/_cachestats").body
    assert set(stats) == {"_nodes", "cluster_name", "all", "stores", "nodes"}
    assert set(stats["_nodes"]) == {"total", "successful", "failed"}
    parts = {"total", "features", "featuresets", "models"}
    assert set(stats["all"]) == set(stats["stores"][".ltrstore_enginetests"]) == parts
    assert all(set(part) == {"ram", "count"} for part in stats["all"].values())
    for each in stats["nodes"].values():
        assert set(each) == {"name", "hostname", "stats"}
        assert set(each["stats"]) == parts


def test_a_model_is_kept_once_for_all_shards(ranking, node):
    index = "enginetests-shards"
    node("DELETE", f"/{index}")
    mapping = {"properties": {"price": {"type": "float"}}}
    settings = {"number_of_shards": 4, "number_of_replicas": 0}
    node("PUT", f"/{index}", {"settings": settings, "mappings": mapping})
    try:
        lines = "".join(f'{{"index":{{}}}}\n{json.dumps({"price": i})}\n' for i in range(40))
        node("POST", f"/{index}/_bulk?refresh=true", lines)
        ranking.put_set("s", price())
        leaves = [{"nodeid": 0, "leaf": i / 8} for i in range(1000)]
        ranking.create_model("s", "m", "model/xgboost+json", leaves)
        reply = node("POST", f"/{index}/_search", {"query": ranking.sltr(model="m"), "size": 40})
        assert reply.body["_shards"]["successful"] == 4
        assert {hit["_score"] for hit in reply.body["hits"]["hits"]} == {sum(range(1000)) / 8}
        models = node("GET", "/_ltr/_cachestats").body["stores"][".ltrstore_enginetests"]["models"]
        assert models["count"] == 1
        assert 20_000 < models["ram"] < 60_000
    finally:
        node("DELETE", f"/{index}")


@pytest.mark.parametrize("value", [False, True])
def test_the_memory_breaker_can_be_switched(node, store, value):
    try:
        reply = node("PUT", "/_cluster/settings", {"persistent": {"ltr.breaker.enabled": value}})
        assert reply.status == 200, reply.text
        assert node("PUT", f"{store}/_feature/f", FEATURE).status == 201
    finally:
        node("PUT", "/_cluster/settings", {"persistent": {"ltr.breaker.enabled": None}})
