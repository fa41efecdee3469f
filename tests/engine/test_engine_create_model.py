"""_createmodel: a model over a copy of a stored set."""

import pytest

pytestmark = pytest.mark.live

LINEAR = {"type": "model/linear", "definition": {"a": 1.5}}


@pytest.fixture
def path(node, new_store) -> str:
    node(
        "PUT",
        f"{new_store}/_featureset/s",
        {"featureset": {"features": [{"name": "a", "template": {"match_all": {}}}]}},
    )
    return f"{new_store}/_featureset/s/_createmodel"


def body(**model) -> dict:
    return {"model": {"name": "m", "model": LINEAR} | model}


def test_the_model_keeps_its_own_copy_of_the_set(node, new_store, path):
    created = node("POST", path, body())
    assert (created.status, created.body["_id"], created.body["_version"]) == (201, "model-m", 1)
    node("DELETE", f"{new_store}/_featureset/s")
    model = node("GET", f"{new_store}/_model/m").body["_source"]["model"]
    assert model["feature_set"]["name"] == "s"
    assert [feature["name"] for feature in model["feature_set"]["features"]] == ["a"]
    assert model["model"] == {**LINEAR, "feature_normalizers": {}}


def test_an_existing_model_is_refused_as_an_update(node, path):
    node("POST", path, body())
    reply = node("POST", path, body())
    assert (reply.status, reply.error) == (405, "illegal_argument_exception")
    assert "Element of type [model] are not updatable, please create a new one instead" in reply.text


def test_version_must_be_that_of_the_set(node, path):
    assert node("POST", f"{path}?version=2", body()).status == 400
    assert node("POST", f"{path}?version=0", body()).status == 400
    assert node("POST", f"{path}?version=1", body()).status == 201


def test_a_missing_set_is_refused(node, store):
    reply = node("POST", f"{store}/_featureset/none/_createmodel", body())
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "illegal_argument_exception"),
        ({}, "parsing_exception"),
        ({"model": {"model": LINEAR}}, "action_request_validation_exception"),
        ({"model": {"name": "m"}}, "action_request_validation_exception"),
        (body(model={"type": "model/linear"}), "x_content_parse_exception"),
        (body(model={"definition": {}}), "x_content_parse_exception"),
        (body(surprise=1), "x_content_parse_exception"),
        (body(model={"type": "model/linear", "definition": {"b": 1}}), "illegal_argument_exception"),
    ],
)
def test_faulty_bodies_are_refused(node, path, content, error):
    reply = node("POST", path, content)
    assert (reply.status, reply.error) == (400, error), reply.text
