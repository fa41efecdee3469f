"""What the original's public tests check of its interface, each on the default store and on a named one."""

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.live

MATCH = {"match": {"title": "{{query_string}}"}}
FEATURE = {"feature": {"params": "query_string", "template": MATCH}}
TREES = """\
## LambdaMART
<ensemble>
 <tree id="1" weight="0.1">
  <split>
   <feature> 1 </feature>
   <threshold> 0.1 </threshold>
   <split pos="left"><output> -1.0 </output></split>
   <split pos="right"><output> 2.0 </output></split>
  </split>
 </tree>
</ensemble>
""".replace("><", ">\n<")


def features(*names: str, field: str = "title") -> list[dict[str, Any]]:
    template = {"match": {field: "{{query_string}}"}}
    return [{"name": name, "params": ["query_string"], "template": template} for name in names]


def ranker(kind: str = "model/linear", definition: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "definition": {"title": 0.3} if definition is None else definition, **more}


@pytest.fixture(params=["default", "custom"])
def place(request, node) -> Iterator[tuple[str, str]]:
    """Path and index of a store that is new; the default store is left alone when it is somebody's."""
    custom = request.param == "custom"
    path, index = ("/_ltr/enginetests_public", ".ltrstore_enginetests_public") if custom else ("/_ltr", ".ltrstore")
    if custom:
        node("DELETE", path)
    elif "_default_" in node("GET", "/_ltr").body["stores"]:
        path, index = "/_ltr/enginetests_public2", ".ltrstore_enginetests_public2"
        node("DELETE", path)
    assert node("PUT", path).body["index"] == index
    yield path, index
    assert node("DELETE", path).status == 200


def test_features(node, place):
    path, index = place
    created = node("PUT", f"{path}/_feature/f", FEATURE)
    assert (created.body["_index"], created.body["_id"], created.body["_version"]) == (index, "feature-f", 1)
    assert node("GET", f"{path}/_feature/f").body["_source"]["name"] == "f"
    assert "version conflict" in node("PUT", f"{path}/_feature/f", FEATURE).text
    changed = {"feature": FEATURE["feature"] | {"template": {"match": {"brand": "{{query_string}}"}}}}
    assert node("POST", f"{path}/_feature/f", changed).body["_version"] == 2
    source = node("GET", f"{path}/_feature/f").body["_source"]["feature"]
    assert (source["params"], source["template"]) == (["query_string"], changed["feature"]["template"])
    assert node("GET", f"{path}/_feature").body["hits"]["total"]["value"] == 1
    assert node("GET", f"{path}/_feature?prefix=f").body["hits"]["total"]["value"] == 1
    assert node("GET", f"{path}/_feature?prefix=no").body["hits"]["total"]["value"] == 0
    assert node("DELETE", f"{path}/_feature/f").body["result"] == "deleted"
    assert node("GET", f"{path}/_feature/f").status == 404


def test_feature_sets(node, place):
    path, index = place
    first = {"featureset": {"features": features("a")}}
    created = node("PUT", f"{path}/_featureset/s", first)
    assert (created.body["_index"], created.body["_id"], created.body["_version"]) == (index, "featureset-s", 1)
    assert "version conflict" in node("PUT", f"{path}/_featureset/s", first).text
    assert node("POST", f"{path}/_featureset/s", {"featureset": {"features": features("a", "b")}}).body["_version"] == 2
    found = node("GET", f"{path}/_featureset/s").body["_source"]
    assert (found["name"], found["featureset"]["features"][1]["name"]) == ("s", "b")
    assert node("GET", f"{path}/_featureset?prefix=s").body["hits"]["total"]["value"] == 1
    assert node("GET", f"{path}/_featureset?prefix=x").body["hits"]["total"]["value"] == 0
    assert node("DELETE", f"{path}/_featureset/s").body["result"] == "deleted"
    assert node("GET", f"{path}/_featureset/s").status == 404


def test_models(node, place):
    path, index = place
    normalizers = {"title": {"standard": {"mean": 1.25, "standard_deviation": 0.5}}}
    inner = ranker(feature_normalizers=normalizers)
    model = {"model": {"feature_set": {"name": "s", "features": features("title")}, "model": inner}}
    created = node("PUT", f"{path}/_model/m", model)
    assert (created.body["_index"], created.body["_id"], created.body["_version"]) == (index, "model-m", 1)
    found = node("GET", f"{path}/_model/m").body["_source"]["model"]
    assert found["model"] == inner
    refused = node("POST", f"{path}/_model/m", model)
    assert "Element of type [model] are not updatable, please create a new one instead" in refused.text
    assert node("GET", f"{path}/_model?prefix=m").body["hits"]["total"]["value"] == 1
    assert node("GET", f"{path}/_model?prefix=x").body["hits"]["total"]["value"] == 0
    assert node("DELETE", f"{path}/_model/m").body["result"] == "deleted"
    assert node("GET", f"{path}/_model/m").status == 404


def size(node, path: str, version: int) -> int:
    found = node("GET", f"{path}/_featureset/s").body
    assert found["_version"] == version
    return len(found["_source"]["featureset"]["features"])


def test_adding_stored_features(node, place):
    path, _ = place
    for name in ("one", "two", "three_a", "three_b"):
        assert node("PUT", f"{path}/_feature/{name}", FEATURE).status == 201
    add = f"{path}/_featureset/s/_addfeatures"
    assert node("POST", f"{add}/three_*").body["_version"] == 1
    assert size(node, path, 1) == 2
    assert node("POST", f"{add}/one").body["_version"] == 2
    assert size(node, path, 2) == 3
    assert "Feature [one] defined twice in this set" in node("POST", f"{add}/one").text
    assert "returned no features" in node("POST", f"{add}/none*").text
    assert node("POST", f"{add}/one?merge=true").body["_version"] == 3
    assert size(node, path, 3) == 3
    assert node("POST", f"{add}/t*?merge=true").body["_version"] == 4
    assert size(node, path, 4) == 4


def test_adding_listed_features(node, place):
    path, _ = place
    add = f"{path}/_featureset/s/_addfeatures"
    assert node("POST", add, {"features": features("a", "b")}).body["_version"] == 1
    assert node("POST", add, {"features": features("c")}).body["_version"] == 2
    assert size(node, path, 2) == 3
    assert "Feature [a] defined twice in this set" in node("POST", add, {"features": features("a")}).text
    assert node("POST", f"{add}?merge=true", {"features": features("a")}).body["_version"] == 3
    assert size(node, path, 3) == 3
    assert node("POST", f"{add}?merge=true", {"features": features("a", "d")}).body["_version"] == 4
    assert size(node, path, 4) == 4


def test_a_model_from_a_set(node, place):
    path, index = place
    node("PUT", f"{path}/_featureset/s", {"featureset": {"features": features("title")}})
    body = {"model": {"name": "m", "model": ranker()}}
    created = node("POST", f"{path}/_featureset/s/_createmodel", body)
    assert (created.body["_index"], created.body["_id"], created.body["_version"]) == (index, "model-m", 1)
    again = node("POST", f"{path}/_featureset/s/_createmodel", body)
    assert "Element of type [model] are not updatable, please create a new one instead" in again.text


@pytest.fixture
def empty_index(node) -> Iterator[str]:
    node("DELETE", "/enginetests-empty")
    node("PUT", "/enginetests-empty")
    yield "enginetests-empty"
    node("DELETE", "/enginetests-empty")


def test_validation_needs_no_documents_to_find_a_broken_template(node, place, empty_index):
    path, _ = place
    broken = [{"name": "bad", "params": ["query_string"], "template": {"mooch": {"title": "{{query_string}}"}}}]
    validation = {"validation": {"index": empty_index, "params": {"query_string": "hello"}}}
    node("PUT", f"{path}/_feature/bad", {"feature": broken[0]})
    node("PUT", f"{path}/_featureset/bad", {"featureset": {"features": broken}})
    model = {"feature_set": {"name": "s", "features": broken}, "model": ranker(definition={"bad": 1})}
    named = {"name": "m", "model": ranker(definition={"bad": 1})}
    for method, call, body in (
        ("PUT", "_feature/f", {"feature": broken[0] | {"name": "f"}}),
        ("PUT", "_featureset/s", {"featureset": {"features": broken}}),
        ("PUT", "_model/m", {"model": model}),
        ("POST", "_featureset/s/_addfeatures/bad", {}),
        ("POST", "_featureset/bad/_createmodel", {"model": named}),
    ):
        reply = node(method, f"{path}/{call}", body | validation)
        assert "Cannot store element, validation failed" in reply.body["error"]["reason"], call


def test_caches_grow_with_use_and_shrink_with_what_is_deleted(node, place, products):
    path, index = place

    def cached() -> dict[str, Any]:
        return node("GET", "/_ltr/_cachestats").body["stores"].get(index, {"models": {"ram": 0, "count": 0}})

    assert cached()["models"] == {"ram": 0, "count": 0}
    model = {"feature_set": {"name": "s", "features": features("title")}, "model": ranker()}
    node("PUT", f"{path}/_model/m", {"model": model})
    store = {} if path == "/_ltr" else {"store": path.removeprefix("/_ltr/")}
    query = {"sltr": {"model": "m", "params": {"query_string": "red"}, **store}}
    assert node("POST", f"/{products}/_search", {"query": query}).status == 200
    assert cached()["models"]["ram"] > 0
    node("DELETE", f"{path}/_model/m")
    assert cached()["models"] == {"ram": 0, "count": 0}


@pytest.mark.parametrize(
    ("kind", "definition", "more"),
    [
        ("model/ranklib", TREES, {}),
        ("model/linear", {"title": 0.3}, {}),
        ("model/linear", {"title": 0.3, "scored": 1.2, "brand": 0.1}, {"active_features": ["scored"], "params": {}}),
    ],
)
def test_models_that_use_some_of_their_features(node, place, products, kind, definition, more):
    path, _ = place
    add = f"{path}/_featureset/s/_addfeatures"
    scored = {"function_score": {"query": {"match_all": {}}, "functions": [{"weight": 2}]}}
    assert node("POST", add, {"features": features("title")}).status == 201
    assert node("POST", add, {"features": features("brand", field="brand")}).status == 200
    assert node("POST", add, {"features": [{"name": "scored", "template": scored}]}).status == 200
    body = {"model": {"name": "m", "model": ranker(kind, definition)}}
    assert node("POST", f"{path}/_featureset/s/_createmodel", body).status == 201
    store = {} if path == "/_ltr" else {"store": path.removeprefix("/_ltr/")}
    query = {"sltr": {"model": "m", "params": {"query_string": "red"}, **store, **more}}
    first = {"match": {"title": "red"}}
    for search in (
        {"query": {"bool": {"must": query, "filter": first}}},
        {"query": first, "rescore": {"window_size": 2, "query": {"rescore_query": query}}},
    ):
        assert node("POST", f"/{products}/_search", search).body["hits"]["total"]["value"] == 2
