"""_addfeatures: growing a set by stored features or by a list."""

from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.live


def match(title: str) -> dict:
    return {"match": {"title": title}}


@pytest.fixture
def store(new_store) -> str:
    return new_store


@pytest.fixture
def stored(node, store) -> str:
    for name in ("price", "title_a", "title_b"):
        node("PUT", f"{store}/_feature/{name}", {"feature": {"template": match(name)}})
    return store


def features(node, store) -> list[tuple[str, str]]:
    found = node("GET", f"{store}/_featureset/s").body["_source"]["featureset"]["features"]
    return [(each["name"], each["template"]["match"]["title"]) for each in found]


def test_by_prefix_then_by_name(node, stored):
    created = node("POST", f"{stored}/_featureset/s/_addfeatures/title_*")
    assert (created.status, created.body["_version"], created.body["result"]) == (201, 1, "created")
    grown = node("POST", f"{stored}/_featureset/s/_addfeatures/price")
    assert (grown.status, grown.body["_version"], grown.body["result"]) == (200, 2, "updated")
    assert [name for name, _ in features(node, stored)] == ["title_a", "title_b", "price"]


@pytest.mark.parametrize("stars", ["*", "**"])
def test_only_stars_mean_all_features_in_order_of_last_write(node, stored, stars):
    node("POST", f"{stored}/_feature/price", {"feature": {"template": match("price")}})
    assert node("POST", f"{stored}/_featureset/s/_addfeatures/{stars}").status == 201
    assert [name for name, _ in features(node, stored)] == ["title_a", "title_b", "price"]


@pytest.mark.parametrize("query", ["titl", "Title*", "none*"])
def test_a_query_without_hits_is_refused(node, stored, query):
    reply = node("POST", f"{stored}/_featureset/s/_addfeatures/{query}")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "returned no features" in reply.body["error"]["reason"]


def test_a_repeated_name_needs_merge_which_keeps_the_ordinal(node, store):
    path = f"{store}/_featureset/s/_addfeatures"
    first = {"features": [{"name": "a", "template": match("1")}, {"name": "b", "template": match("2")}]}
    second = {"features": [{"name": "a", "template": match("3")}, {"name": "c", "template": match("4")}]}
    assert node("POST", path, first).status == 201
    refused = node("POST", path, second)
    assert refused.status == 400
    assert "Feature [a] defined twice in this set" in refused.text
    merged = node("POST", f"{path}?merge=true", second)
    assert (merged.status, merged.body["_version"]) == (200, 2)
    assert features(node, store) == [("a", "3"), ("b", "2"), ("c", "4")]


def test_a_name_twice_in_one_request_is_refused_even_with_merge(node, store):
    twice = {"features": [{"name": "a", "template": match("1")}, {"name": "a", "template": match("2")}]}
    reply = node("POST", f"{store}/_featureset/s/_addfeatures?merge=true", twice)
    assert reply.status == 400
    assert "defined twice" in reply.text


@pytest.mark.parametrize(
    ("path", "body"),
    [("", None), ("", {"features": []}), ("", {}), ("/price", {"features": [{"name": "a", "template": {}}]})],
)
def test_exactly_one_of_query_and_list(node, stored, path, body):
    reply = node("POST", f"{stored}/_featureset/s/_addfeatures{path}", body)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_version_is_no_parameter_here(node, stored):
    assert node("POST", f"{stored}/_featureset/s/_addfeatures/price?version=1").status == 400


def test_more_than_ten_thousand_features_are_refused(node, store):
    many = [{"name": f"f{i}", "template": "{}"} for i in range(10_001)]
    reply = node("POST", f"{store}/_featureset/s/_addfeatures", {"features": many})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_parallel_additions_are_all_kept(node, store):
    def add(i: int) -> int:
        feature = {"name": f"f{i}", "template": match(str(i))}
        return node("POST", f"{store}/_featureset/s/_addfeatures", {"features": [feature]}).status

    with ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(add, range(24)))
    assert sorted(statuses) == [200] * 23 + [201]
    assert {name for name, _ in features(node, store)} == {f"f{i}" for i in range(24)}
