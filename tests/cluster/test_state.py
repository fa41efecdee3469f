"""What the product remembers in hidden indices, written by several at the same time."""

import uuid
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from together import together

from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.cluster.state import StateIndex
from ltr_plugin.errors import ClusterError


@pytest.fixture
def state(cluster):
    """A hidden index of this test alone, which is not there yet."""
    state = StateIndex(cluster, f"ltr-test-{uuid.uuid4().hex[:8]}")
    yield state
    cluster.call("DELETE", f"/{state.name}", ignore_unavailable=True)


@pytest.mark.live
def test_nothing_is_found_before_something_is_written(state):
    assert state.get("a") == {}
    assert state.search({"query": {"match_all": {}}}) == []
    state.delete_by_query({"match_all": {}})


@pytest.mark.live
def test_of_many_that_create_a_document_one_succeeds(state):
    created = together(*(partial(state.create, "a", {"by": number}) for number in range(8)))
    assert sorted(created) == [False] * 7 + [True]
    assert state.get("a") == {"schema": 1, "by": created.index(True)}


@pytest.mark.live
def test_of_32_notes_at_the_same_time_none_is_lost(state):
    assert together(*(partial(state.merge, "a", **{f"n{number}": number}) for number in range(32))) == [None] * 32
    assert state.get("a") == {"schema": 1, **{f"n{number}": number for number in range(32)}}


@pytest.mark.live
def test_wildcards_of_users_do_not_reach_it(state, cluster):
    state.create("a", {"template": "shop", "number": 3})
    assert state.search({"query": {"term": {"template": "shop"}}}) == [{"schema": 1, "template": "shop", "number": 3}]
    for pattern in ("_all", "*", "ltr-*", f"{state.name}*"):
        assert state.name not in cluster.call("GET", f"/{pattern}/_settings")
        hits = cluster.call("POST", f"/{pattern}/_search", {"query": {"term": {"_index": state.name}}})["hits"]["hits"]
        assert hits == []


def test_a_user_without_the_right_is_told_which_is_missing():
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"error": {"type": "security_exception", "reason": "no permissions for [indices:admin/create]"}}'
            self.send_response(403)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        state = StateIndex(OpenSearchCluster(f"http://127.0.0.1:{server.server_port}"), "ltr-releases")
        for use in (partial(state.create, "a", {}), partial(state.get, "a"), partial(state.merge, "a", x=1)):
            with pytest.raises(
                ClusterError, match=r"no permissions.*OPENSEARCH_USER.*the right to .*ltr-releases"
            ) as got:
                use()
            assert got.value.status == 403
    finally:
        server.shutdown()
        server.server_close()
