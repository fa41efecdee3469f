"""A cluster that is busy, slow or away for a while: calls wait for it, within a limit, and nothing is done twice."""

import json
import threading
import time
import uuid

import pytest
from busy_proxy import busy_proxy

from ltr_plugin.catalog.references import strip_credentials
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


@pytest.fixture
def proxy(node_url):
    with busy_proxy(node_url) as proxy:
        yield proxy


@pytest.fixture
def name(node_url):
    node, name = connect(node_url), f"busy-{uuid.uuid4().hex[:8]}"
    node.call("PUT", f"/{name}-v1", {"settings": {"number_of_replicas": 0}, "aliases": {name: {}}})
    yield name
    node.call("DELETE", f"/{name}-v1")


def updates(name, count):
    """Every document is counted up each time its action is done."""
    script = {"source": "ctx._source.times += 1"}
    for number in range(count):
        yield {"_op_type": "update", "_index": name, "_id": f"d{number}", "script": script, "upsert": {"times": 1}}


def times(cluster, name, count):
    answer = cluster.call("POST", f"/{name}/_mget", {"ids": [f"d{number}" for number in range(count)]})
    return [document["_source"]["times"] for document in answer["docs"]]


STATUSES = {"gone": 500, "drop": 0, "hang": 0}


@pytest.mark.parametrize("trouble", [429, 503, *STATUSES])
def test_a_read_waits_for_the_cluster(proxy, name, trouble):
    heard = []
    proxy.hang_s = 3.0
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20, timeout_s=2.0, on_retry=heard.append)
    proxy.troubles = [trouble] * 2
    assert cluster.call("GET", f"/{name}/_count")["count"] == 0
    assert [error.status for error in heard] == [STATUSES.get(trouble, trouble)] * 2
    proxy.troubles = [trouble]
    assert cluster.call("POST", f"/{name}/_search", {"size": 0})["hits"]["total"]["value"] == 0
    assert len(heard) == 3


def test_an_answer_that_is_no_json_is_an_error_at_once(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20)
    proxy.troubles = ["page"]
    with pytest.raises(ClusterError, match="a text that is not JSON") as raised:
        cluster.call("GET", f"/{name}/_count")
    assert len(proxy.seen) == 1
    assert not raised.value.retryable


def test_an_answer_without_all_shards_is_not_believed(proxy, name):
    heard = []
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20, on_retry=heard.append)
    assert list(cluster.bulk(updates(name, 2))) == [("d0", None), ("d1", None)]
    cluster.call("POST", f"/{name}/_refresh")
    proxy.troubles = ["starting", None] * 3
    found = cluster.call("POST", f"/{name}/_mget", {"ids": ["d0", "d1", "d2"]})["docs"]
    assert [document["found"] for document in found] == [True, True, False]
    assert cluster.call("POST", f"/{name}/_search", {})["hits"]["total"]["value"] == 2
    assert cluster.call("GET", f"/{name}/_count")["count"] == 2
    assert [error.status for error in heard] == [503] * 3
    assert "No shard available" in str(heard[0])
    assert "1 of 1 shards are not there" in str(heard[1])


@pytest.mark.parametrize("end", ["_search", "_count", "_msearch", "_msearch/template", "_search/template"])
def test_an_answer_of_which_a_shard_failed_is_not_believed(proxy, name, end):
    heard = []
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20, on_retry=heard.append)
    query = {"query": {"match_all": {}}}
    body = {"source": query} if end.endswith("template") else query
    lines = f"{{}}\n{json.dumps(body)}\n"
    proxy.troubles = ["failing"]
    answer = cluster.call("POST", f"/{name}/{end}", lines if end.startswith("_msearch") else body)
    assert proxy.troubles == []
    assert all(part["_shards"]["failed"] == 0 for part in answer.get("responses", [answer]))
    (error,) = heard
    assert "1 of 1 shards failed: queue is full" in str(error)


def test_an_answer_with_skipped_shards_is_whole(cluster, proxy, vector, alias, tmp_path):
    index = index_body(cluster.engine, [vector()], tmp_path, shards=3)
    cluster.call("PUT", f"/{alias}-v1", index)
    cluster.call("PUT", f"/{alias}-v1/_doc/1", {"released": "2020-01-01"}, refresh=True)
    heard = []
    query = {"query": {"range": {"released": {"gte": "2030-01-01"}}}}
    through = OpenSearchCluster(proxy.url, retry_timeout_s=0.1, on_retry=heard.append)
    answer = through.call("POST", f"/{alias}-v1/_search", query, pre_filter_shard_size=1)
    assert answer["_shards"]["skipped"] > 0
    assert heard == []


def test_patience_ends(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=1)
    proxy.troubles = [503] * 100
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"GET /.*_count was refused \(503\): no master") as raised:
        cluster.call("GET", f"/{name}/_count")
    assert 1 <= time.monotonic() - began < 3
    assert raised.value.retryable


def test_a_change_is_repeated_only_when_it_was_rejected(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20)
    proxy.troubles = [429]
    cluster.call("PUT", f"/{name}/_settings", {"refresh_interval": "1s"})
    assert [method for method, _ in proxy.seen] == ["PUT", "PUT"]
    proxy.troubles = ["lost"]
    with pytest.raises(ClusterError, match="no answer"):
        cluster.call("POST", f"/{name}/_update/d1", {"upsert": {"times": 1}, "script": {"source": "ctx.op='none'"}})
    assert [method for method, _ in proxy.seen] == ["PUT", "PUT", "POST"]


def test_a_bulk_request_that_is_taken_in_part_is_sent_again_in_part(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20)
    proxy.troubles = ["part", 429, "part gone", 503, "drop"]
    results = list(cluster.bulk(updates(name, 10)))
    assert results == [(f"d{number}", None) for number in range(10)]
    assert times(cluster, name, 10) == [1] * 10


def test_a_bulk_request_whose_answer_was_lost_is_sent_again(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=20)
    proxy.troubles = ["lost"]
    assert list(cluster.bulk(updates(name, 3))) == [("d0", None), ("d1", None), ("d2", None)]
    assert times(cluster, name, 3) == [2] * 3, "which is why an action must be safe to repeat"


def test_a_bulk_request_that_is_never_taken_is_an_error_that_may_pass(proxy, name):
    cluster = OpenSearchCluster(proxy.url, retry_timeout_s=0.5)
    proxy.troubles = ["part", *[429] * 100]
    with pytest.raises(ClusterError, match=r"POST /_bulk was refused.*queue is full") as raised:
        list(cluster.bulk(updates(name, 4)))
    assert raised.value.retryable


def test_a_large_bulk_request_goes_in_parts_and_keeps_its_order(proxy, name):
    cluster = OpenSearchCluster(proxy.url)
    results = list(cluster.bulk(updates(name, 1100)))
    assert [id_ for id_, error in results if error is None] == [f"d{number}" for number in range(1100)]
    assert proxy.seen == [("POST", "/_bulk")] * 3


def test_one_wrong_action_is_reported_and_a_deletion_of_nothing_is_done(proxy, name):
    cluster = OpenSearchCluster(proxy.url)
    actions = [
        {"_op_type": "index", "_index": name, "_id": "a", "price": 1},
        {"_op_type": "index", "_index": name, "_id": "b", "price": "cheap"},
        {"_op_type": "delete", "_index": name, "_id": "c"},
    ]
    (first, second, third) = cluster.bulk(actions)
    assert first == ("a", None)
    assert second[0] == "b"
    assert "price" in second[1]
    assert third[0] == "c"
    assert third[1].missing


@pytest.mark.parametrize("wrong", ["x" * 513, "", "x" * 3000])
def test_a_request_that_is_refused_as_a_whole_loses_its_wrong_action_alone(proxy, name, wrong):
    cluster = OpenSearchCluster(proxy.url)
    actions = [{"_op_type": "index", "_index": name, "_id": f"d{number}", "n": number} for number in range(40)]
    actions[7] = {**actions[7], "_id": wrong}
    results = list(cluster.bulk(actions))
    assert [position for position, (_, error) in enumerate(results) if error] == [7]
    assert results[7][0] == wrong
    assert results[7][1].permanent
    assert "too long" in results[7][1] or "empty" in results[7][1]
    assert len(proxy.seen) < 15


def test_an_action_that_is_too_large_for_the_cluster_loses_no_neighbour(proxy, name):
    cluster = OpenSearchCluster(proxy.url)
    actions = [{"_op_type": "index", "_index": name, "_id": f"d{number}", "n": number} for number in range(4)]
    proxy.troubles = [413, 413, None, 413, None]  # the four, the first two, one, the other one, the last two
    assert [(id_, bool(error)) for id_, error in cluster.bulk(actions)] == [
        ("d0", False), ("d1", True), ("d2", False), ("d3", False),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["\ud800", object(), 10**5000], ids=["half", "object", "digits"])
def test_an_action_that_has_no_json_loses_no_neighbour(node_url, name, value):
    cluster = connect(node_url)
    values = (1, value, 3)
    actions = [{"_op_type": "index", "_index": name, "_id": f"d{n}", "n": value} for n, value in enumerate(values)]
    (_, first), (id_, error), (_, third) = cluster.bulk(actions)
    assert (first, third, id_) == (None, None, "d1")
    assert "JSON cannot express" in error
    assert error.permanent


def test_a_cluster_that_comes_back_at_its_address_is_found_again(node_url, name):
    with busy_proxy(node_url) as proxy:
        cluster = OpenSearchCluster(proxy.url, retry_timeout_s=30)
        assert cluster.call("GET", f"/{name}/_count")["count"] == 0
        port = proxy.server_port
    came_back = []

    def come_back():
        time.sleep(1)
        came_back.append(stack.__enter__())

    stack = busy_proxy(node_url, port)
    thread = threading.Thread(target=come_back)
    thread.start()
    try:
        assert cluster.call("GET", f"/{name}/_count")["count"] == 0
    finally:
        thread.join()
        stack.__exit__(None, None, None)
    assert came_back


def test_a_command_hears_at_once_that_there_is_no_cluster():
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"no answer from http://127\.0\.0\.1:9 ") as raised:
        connect(settings=Settings(opensearch_url="http://user:secret@127.0.0.1:9"))
    assert time.monotonic() - began < 3
    assert "secret" not in str(raised.value)


def test_a_shown_address_has_no_credentials():
    assert strip_credentials("https://u:p@host:9200/path") == "https://host:9200/path"
    assert strip_credentials("http://127.0.0.1:9200") == "http://127.0.0.1:9200"
    assert strip_credentials("https://u:p@ss@[half/x@2.jpg") == "https://[half/x@2.jpg"
    assert strip_credentials("photos/x@2.jpg") == "photos/x@2.jpg"


@pytest.mark.parametrize(("status", "advice"), [(401, "set OPENSEARCH_USER and"), (403, "or OPENSEARCH_API_KEY")])
def test_a_call_that_is_not_allowed_names_the_variable(proxy, name, status, advice):
    proxy.troubles = [status]
    with pytest.raises(ClusterError, match=advice):
        OpenSearchCluster(proxy.url).call("GET", f"/{name}/_count")
