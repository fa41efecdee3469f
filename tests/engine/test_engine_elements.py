"""Features, feature sets and models as stored elements."""

import pytest

pytestmark = pytest.mark.live

FEATURE = {"feature": {"params": "q", "template": {"match": {"title": "{{q}}"}}}}
SET = {"featureset": {"features": [{"name": "f", "params": ["q"], "template": '{"match_all": {}}'}]}}
MODEL = {
    "model": {
        "feature_set": {"name": "s", "features": SET["featureset"]["features"]},
        "model": {"type": "model/linear", "definition": {"f": 0.1}},
    }
}
BODIES = {"feature": FEATURE, "featureset": SET, "model": MODEL}


@pytest.mark.parametrize("kind", BODIES)
def test_create_get_and_delete(node, new_store, kind):
    path = f"{new_store}/_{kind}/e"
    created = node("PUT", path, BODIES[kind])
    assert created.status == 201
    assert created.headers["Location"] == f"/.ltrstore_enginetests_new/_doc/{kind}-e"
    assert created.body["_index"] == ".ltrstore_enginetests_new"
    assert (created.body["_id"], created.body["_version"]) == (f"{kind}-e", 1)
    assert (created.body["result"], created.body["forced_refresh"]) == ("created", True)
    again = node("PUT", path, BODIES[kind])
    assert (again.status, again.error) == (409, "version_conflict_engine_exception")
    got = node("GET", path)
    assert (got.status, got.body["found"], got.body["_version"]) == (200, True, 1)
    assert (got.body["_source"]["name"], got.body["_source"]["type"]) == ("e", kind)
    assert node("HEAD", path)[:2] == (200, None)
    deleted = node("DELETE", path)
    assert (deleted.status, deleted.body["result"]) == (200, "deleted")
    gone = node("GET", path)
    assert (gone.status, gone.body) == (
        404,
        {"_index": ".ltrstore_enginetests_new", "_id": f"{kind}-e", "found": False},
    )
    assert node("HEAD", path)[:2] == (404, None)
    twice = node("DELETE", path)
    assert (twice.status, twice.body["result"]) == (404, "not_found")


def test_stored_documents_have_the_layout_of_the_original(node, store):
    for kind, body in BODIES.items():
        node("PUT", f"{store}/_{kind}/e", body)
    source = {kind: node("GET", f"{store}/_{kind}/e").body["_source"][kind] for kind in BODIES}
    feature = {"params": ["q"], "template_language": "mustache"}
    assert source["feature"] == {"name": "e", **feature, "template": {"match": {"title": "{{q}}"}}}
    stored = {"name": "f", **feature, "template": '{"match_all": {}}'}
    assert source["featureset"] == {"name": "e", "features": [stored]}
    assert source["model"] == {
        "name": "e",
        "feature_set": {"name": "s", "features": [stored]},
        "model": {"type": "model/linear", "definition": {"f": 0.1}, "feature_normalizers": {}},
    }


@pytest.mark.parametrize("kind", ["feature", "featureset"])
def test_post_creates_and_replaces(node, new_store, kind):
    path = f"{new_store}/_{kind}/e"
    assert node("POST", path, BODIES[kind]).status == 201
    replaced = node("POST", path, BODIES[kind])
    assert (replaced.status, replaced.body["_version"], replaced.body["result"]) == (200, 2, "updated")


@pytest.mark.parametrize("existing", [True, False])
def test_models_are_never_replaced(node, store, existing):
    if existing:
        node("PUT", f"{store}/_model/m", MODEL)
    reply = node("POST", f"{store}/_model/m", MODEL)
    assert (reply.status, reply.error) == (405, "illegal_argument_exception")
    fragment = "Element of type [model] are not updatable, please create a new one instead"
    assert fragment in reply.body["error"]["reason"]


def test_list_filters_by_exact_prefix_and_pages(node, store):
    for name in ("price", "price_log", "Price", "title"):
        node("PUT", f"{store}/_feature/{name}", FEATURE)

    def names(query: str) -> list[str]:
        hits = node("GET", f"{store}/_feature{query}").body["hits"]
        return [hit["_source"]["name"] for hit in hits["hits"]]

    assert names("") == ["price", "price_log", "Price", "title"]
    assert names("?prefix=price") == ["price", "price_log"]
    assert names("?prefix=P") == ["Price"]
    assert names("?prefix=none") == []
    assert names("?from=1&size=2") == ["price_log", "Price"]
    total = node("GET", f"{store}/_feature?prefix=price&size=0").body["hits"]["total"]
    assert total == {"value": 2, "relation": "eq"}


def test_names_may_hold_what_a_path_can_escape(node, store):
    path = f"{store}/_feature/a%2Fb%20%C3%A9"
    assert node("PUT", path, FEATURE).status == 201
    assert node("GET", path).body["_source"]["name"] == "a/b é"


def test_an_id_beyond_512_bytes_is_refused(node, store):
    reply = node("PUT", f"{store}/_feature/{'x' * 512}", FEATURE)
    assert (reply.status, reply.error) == (400, "action_request_validation_exception")


def test_writes_never_create_a_store(node):
    reply = node("PUT", "/_ltr/enginetests_nowhere/_feature/f", FEATURE)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert node("GET", "/_ltr/enginetests_nowhere").status == 404
    for method, path in [("GET", "_feature"), ("GET", "_feature/f"), ("DELETE", "_feature/f")]:
        reply = node(method, f"/_ltr/enginetests_nowhere/{path}")
        assert (reply.status, reply.error) == (404, "index_not_found_exception")


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("feature", None, "illegal_argument_exception"),
        ("feature", {}, "parsing_exception"),
        ("feature", SET, "illegal_argument_exception"),
        ("feature", {"feature": {"name": "other", "template": {}}}, "x_content_parse_exception"),
        ("feature", {"feature": {}}, "x_content_parse_exception"),
        ("feature", {"feature": {"template": {}, "surprise": 1}}, "x_content_parse_exception"),
        ("feature", {"feature": {"template": 1}}, "x_content_parse_exception"),
        ("feature", {"feature": {"template": "{{#a}}"}}, "illegal_argument_exception"),
        ("feature", {"feature": {"template": "{{> /etc/hosts}}"}}, "illegal_argument_exception"),
        ("featureset", {"featureset": {"features": [{"template": {}}]}}, "x_content_parse_exception"),
        ("featureset", {"featureset": {"features": [{"name": "a"}]}}, "x_content_parse_exception"),
        ("model", {"model": {"model": MODEL["model"]["model"]}}, "x_content_parse_exception"),
        ("model", {"model": {"feature_set": {"name": "s"}}}, "x_content_parse_exception"),
        ("model", {"model": {"feature_set": {"name": "s"}, "model": {"definition": {}}}}, "x_content_parse_exception"),
        ("model", {"model": {"feature_set": {}, "model": MODEL["model"]["model"]}}, "x_content_parse_exception"),
    ],
)
def test_faulty_bodies_are_refused(node, store, kind, body, error):
    reply = node("PUT", f"{store}/_{kind}/e", body)
    assert (reply.status, reply.error) == (400, error), reply.text


def test_a_name_may_stand_once_in_a_set(node, store):
    twice = {"featureset": {"features": [{"name": "X", "template": {}}, {"name": "X", "template": {}}]}}
    reply = node("PUT", f"{store}/_featureset/s", twice)
    assert reply.status == 400
    assert "Feature [X] defined twice in this set" in reply.text


def test_a_set_may_be_empty_and_features_may_be_one_object(node, store):
    assert node("PUT", f"{store}/_featureset/none", {"featureset": {}}).status == 201
    one = {"featureset": {"features": {"name": "a", "template": {}}}}
    assert node("PUT", f"{store}/_featureset/one", one).status == 201
    assert len(node("GET", f"{store}/_featureset/one").body["_source"]["featureset"]["features"]) == 1


def test_what_is_not_checked_before_storing(node, store):
    for template in ({"no_such_query": {}}, "not json {{x}}"):
        assert node("POST", f"{store}/_feature/f", {"feature": {"template": template}}).status in {200, 201}
    odd = {"feature": {"template_language": "nosuchlang", "template": "x"}}
    assert node("POST", f"{store}/_feature/f", odd).status == 200


def test_an_unknown_type_of_model_is_named_beside_those_there_are(node, store):
    model = {"feature_set": {"name": "s"}, "model": {"type": "model/unheard", "definition": "x"}}
    reply = node("PUT", f"{store}/_model/m", {"model": model})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    for kind in ("model/unheard", "model/linear", "model/ranklib", "model/xgboost+json", "model/xgboost+json+raw"):
        assert kind in reply.body["error"]["reason"]
    assert reply.body["error"]["caused_by"]["type"] == "illegal_argument_exception"
