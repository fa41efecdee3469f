"""The validation block: a trial run before anything is stored."""

import pytest

pytestmark = pytest.mark.live

BROKEN = {"name": "f", "params": ["q"], "template": {"no_such_query": {"title": "{{q}}"}}}
SOUND = {"name": "f", "params": ["q"], "template": {"match": {"title": "{{q}}"}}}
LINEAR = {"type": "model/linear", "definition": {"f": 1}}


def requests(feature: dict) -> dict[str, tuple[str, str, dict]]:
    return {
        "feature": ("PUT", "_feature/f", {"feature": feature}),
        "set": ("PUT", "_featureset/s", {"featureset": {"features": [feature]}}),
        "model": ("PUT", "_model/m", {"model": {"feature_set": {"name": "x", "features": [feature]}, "model": LINEAR}}),
        "add": ("POST", "_featureset/s2/_addfeatures", {"features": [feature]}),
        "add by query": ("POST", "_featureset/s3/_addfeatures/stored", {}),
        "create": ("POST", "_featureset/stored/_createmodel", {"model": {"name": "c", "model": LINEAR}}),
    }


@pytest.fixture(params=["feature", "set", "model", "add", "add by query", "create"])
def send(request, node, store, products):
    def call(feature: dict, *, index: str = products, params: dict | None = None):
        node("POST", f"{store}/_feature/stored", {"feature": feature | {"name": "stored"}})
        node("POST", f"{store}/_featureset/stored", {"featureset": {"features": [feature]}})
        method, path, body = requests(feature)[request.param]
        validation = {"index": index, "params": {"q": "red"} if params is None else params}
        return node(method, f"{store}/{path}", body | {"validation": validation})

    return call


def test_a_sound_element_is_stored(send):
    assert send(SOUND).status == 201


def test_a_broken_template_is_refused_with_the_reason(send):
    reply = send(BROKEN)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "Cannot store element, validation failed" in reply.body["error"]["reason"]
    assert "no_such_query" in str(reply.body["error"]["caused_by"])


def test_a_missing_param_is_refused(send):
    assert "Cannot store element, validation failed" in send(SOUND, params={}).text


def test_a_missing_index_is_refused(send):
    reply = send(SOUND, index="enginetests-nowhere")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert reply.body["error"]["caused_by"]["type"] == "index_not_found_exception"


def test_a_derived_feature_alone_is_not_tried(node, store, products):
    feature = {"template_language": "derived_expression", "template": "elsewhere * 2"}
    body = {"feature": feature, "validation": {"index": products, "params": {}}}
    assert node("PUT", f"{store}/_feature/d", body).status == 201


@pytest.mark.parametrize(
    "validation", [{}, {"index": "x"}, {"params": {}}, {"index": "x", "params": {}, "surprise": 1}]
)
def test_the_block_is_strict(node, store, validation):
    reply = node("PUT", f"{store}/_feature/f", {"feature": SOUND, "validation": validation})
    assert (reply.status, reply.error) == (400, "x_content_parse_exception")
