"""Stores: what the calls under /_ltr itself answer."""

import pytest

pytestmark = pytest.mark.live


def test_store_is_created_shown_and_deleted(node):
    path = "/_ltr/enginetests_life"
    created = node("PUT", path)
    assert created.status == 200
    assert created.body == {"acknowledged": True, "shards_acknowledged": True, "index": ".ltrstore_enginetests_life"}
    assert node("GET", path)[:2] == (200, {"exists": True})
    assert node("DELETE", path)[:2] == (200, {"acknowledged": True})
    assert node("GET", path)[:2] == (404, {"exists": False})
    missing = node("DELETE", path)
    assert (missing.status, missing.error) == (404, "index_not_found_exception")


def test_list_counts_elements_by_type(node, store):
    listed = node("GET", "/_ltr").body["stores"]["enginetests"]
    assert listed == {"store": "enginetests", "index": ".ltrstore_enginetests", "version": 2, "counts": {}}
    feature = {"feature": {"template": {"match_all": {}}}}
    node("PUT", f"{store}/_feature/a", feature)
    node("PUT", f"{store}/_feature/b", feature)
    node("PUT", f"{store}/_featureset/s", {"featureset": {"features": []}})
    assert node("GET", "/_ltr").body["stores"]["enginetests"]["counts"] == {"feature": 2, "featureset": 1}


def test_default_store_is_listed_by_its_own_name(node):
    found = node("GET", "/_ltr").body["stores"].get("_default_")  # may be there already, and is then not ours to delete
    if not found:
        assert node("PUT", "/_ltr").body["index"] == ".ltrstore"
    try:
        shown = node("GET", "/_ltr").body["stores"]["_default_"]
        assert (shown["store"], shown["index"], shown["version"]) == ("_default_", ".ltrstore", 2)
        assert found or shown["counts"] == {}
    finally:
        assert found or node("DELETE", "/_ltr").status == 200


def test_creating_a_store_twice_is_refused(node, store):
    again = node("PUT", store)
    assert (again.status, again.error) == (400, "resource_already_exists_exception")


def test_a_store_cannot_be_updated(node, store):
    reply = node("POST", store)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


@pytest.mark.parametrize("name", ["feature", "features", "feature*", "feature_set", "feature_Sets", "model", "models"])
def test_reserved_names_are_refused(node, name):
    reply = node("PUT", f"/_ltr/{name}")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    if "*" not in name:
        words = "A featurestore name cannot be based on the words [feature], [featureset] and [model]"
        assert words in reply.body["error"]["reason"]


@pytest.mark.parametrize("name", ["_x", "+x", "a%20b", "a%23b", "a%3Ab", "a%7Cb", "..", "x" * 256])
def test_invalid_names_are_refused(node, name):
    reply = node("PUT", f"/_ltr/{name}")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert reply.body["error"]["reason"].startswith("Invalid feature store name")


def test_upper_case_is_refused_by_index_creation(node):
    reply = node("PUT", "/_ltr/EngineTests")
    assert (reply.status, reply.error) == (400, "invalid_index_name_exception")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", ["enginetest*", "*", "a,b", "-a"])
def test_wildcards_never_reach_several_stores(node, store, method, name):
    reply = node(method, f"/_ltr/{name}")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert node("GET", store).body == {"exists": True}


def test_store_index_has_the_layout_of_the_original(node, store):
    assert store
    index = node("GET", "/_cluster/state/metadata/.ltrstore_enginetests").body["metadata"]["indices"][
        ".ltrstore_enginetests"
    ]
    settings = index["settings"]["index"]
    assert (settings["number_of_shards"], settings["auto_expand_replicas"], settings["hidden"]) == ("1", "0-2", "true")
    assert (settings["priority"], settings["ltrstore_version"]) == ("2147483647", "2")
    analyzers = settings["analysis"]["analyzer"]
    assert analyzers["name_prefix"]["tokenizer"] == analyzers["name_prefix_search"]["tokenizer"] == "ltr_keyword"
    assert analyzers["name_prefix"]["filter"] == ["ltr_edge_ngram"]
    assert analyzers["name_prefix_search"]["filter"] == ["ltr_length"]


def test_wrong_method_and_unknown_parameter(node, store):
    assert node("HEAD", store).status == 405
    reply = node("GET", f"{store}?surprise=1")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_disabled_plugin_answers_no_call(node, store):
    setting = {"persistent": {"ltr.plugin.enabled": False}}
    assert node("PUT", "/_cluster/settings", setting).status == 200
    try:
        for method, path in [
            ("GET", "/_ltr"),
            ("PUT", store),
            ("GET", f"{store}/_feature"),
            ("GET", "/_ltr/_cachestats"),
        ]:
            reply = node(method, path)
            assert (reply.status, reply.error) == (500, "illegal_state_exception")
            assert "LTR plugin is disabled" in reply.body["error"]["reason"]
    finally:
        node("PUT", "/_cluster/settings", {"persistent": {"ltr.plugin.enabled": None}})
    assert node("GET", store).status == 200


@pytest.mark.parametrize(("change", "advice"), [("close", "is closed: open"), ("delete", "does not exist: create")])
def test_a_lost_store_is_named_with_what_to_do(node, new_store, products, change, advice):
    name = new_store.removeprefix("/_ltr/")
    assert node("PUT", f"{new_store}/_featureset/s", {"featureset": {"features": []}}).status == 201
    if change == "close":
        node("POST", f"/.ltrstore_{name}/_close", warned=True)
    else:
        node("DELETE", new_store)
    query = {"sltr": {"store": name, "featureset": "s", "params": {}}}
    reply = node("POST", f"/{products}/_search", {"query": query})
    assert reply.status == 400
    assert f"the feature store {advice}" in reply.text
    assert f"[.ltrstore_{name}]" in reply.text
    assert node("POST", f"/{products}/_search", {"query": {"match_all": {}}}).status == 200
