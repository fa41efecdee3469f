"""The statistics under /_plugins/_ltr, in the form of the OpenSearch Learning to Rank plugin."""

import pytest
from engine_http import STORE, derived, price

pytestmark = pytest.mark.live

INDEX = f".ltrstore_{STORE}"


def test_the_elements_of_each_store_are_counted_whatever_their_number(ranking, node, store):
    for number in range(12):
        ranking.put_set(f"s{number}", price(), derived("d", "price * 2"))
    node("PUT", f"{store}/_feature/price", {"feature": price()})
    stats = node("GET", "/_plugins/_ltr/stats").body
    assert stats["_nodes"]["failed"] == 0
    assert stats["status"] in {"green", "yellow"}
    counts = {"feature_count": 1, "featureset_count": 12, "model_count": 0}
    assert stats["stores"][INDEX] == {"status": stats["stores"][INDEX]["status"], **counts}


def test_searches_errors_and_caches_are_counted(ranking, node):
    ranking.put_set("s", price())
    before = node_stats(node)
    ranking.scores(featureset="s")
    ranking.scores(featureset="s")
    assert ranking.search(ranking.sltr(featureset="missing")).status == 400
    after = node_stats(node)
    assert after["request_total_count"] == before["request_total_count"] + 3
    assert after["request_error_count"] == before["request_error_count"] + 1
    assert set(after["cache"]) == {"feature", "featureset", "model"}
    assert after["cache"]["featureset"]["hit_count"] > before["cache"]["featureset"]["hit_count"]
    assert after["cache"]["featureset"]["miss_count"] > before["cache"]["featureset"]["miss_count"]
    assert after["cache"]["featureset"]["memory_usage_in_bytes"] > 0


def node_stats(node) -> dict:
    (stats,) = node("GET", "/_plugins/_ltr/stats").body["nodes"].values()
    return stats


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/stats/status", {"status"}),
        ("/stats/status,stores", {"status", "stores"}),
        ("/stats/_all", {"status", "stores"}),
        ("/_local/stats/cache?timeout=5s", set()),
    ],
)
def test_single_statistics(node, path, known):
    reply = node("GET", f"/_plugins/_ltr{path}")
    assert reply.status == 200
    assert set(reply.body) == {"_nodes", "cluster_name", "nodes"} | known
    assert len(reply.body["nodes"]) == 1


def test_an_unknown_statistic_is_named_and_an_unknown_node_has_none(node):
    reply = node("GET", "/_plugins/_ltr/stats/status,speed")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "[speed]" in reply.text
    assert node("GET", "/_plugins/_ltr/no-such-node/stats").body["nodes"] == {}


def test_the_legacy_path_answers_with_a_deprecation_warning(node, elasticsearch):
    if elasticsearch:
        pytest.skip("the path is that of OpenSearch's predecessor")
    reply = node("GET", "/_opendistro/_ltr/stats/status", warned=True)
    assert reply.status == 200
    assert "deprecated" in reply.headers["Warning"]


@pytest.mark.parametrize("path", ["/stats", "/stats/status"])
def test_elasticsearch_has_shorter_paths(node, elasticsearch, path):
    if not elasticsearch:
        pytest.skip("on OpenSearch, plugins answer under /_plugins")
    assert set(node("GET", f"/_ltr{path}").body) == set(node("GET", f"/_plugins/_ltr{path}").body)
