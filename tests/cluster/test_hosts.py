"""Hosts that do not answer are passed over and named, and so is what is wrong with a certificate."""

import contextlib
import socket
import time
from base64 import b64encode

import pytest
from recording_server import Answer, make_certificate, recording_server

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.elasticsearch import ElasticsearchCluster
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

DEAD = "http://127.0.0.1:9"

PRODUCTS = {None: OpenSearchCluster, "Elasticsearch": ElasticsearchCluster}


@pytest.fixture(params=PRODUCTS, ids=["opensearch", "elasticsearch"])
def product(request):
    """What servers say of themselves."""
    return request.param


@pytest.fixture
def cluster_of(product):
    """The class of a cluster of this product."""
    return PRODUCTS[product]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def certificate(folder):
    return make_certificate(folder / "ours.pem")


def refusal(certificate, ca):
    """The message about a server of this certificate, where the authorities of `ca` are trusted."""
    with recording_server(certificate) as server:
        address = f"https://127.0.0.1:{server.server_port}"
        settings = Settings(opensearch_url=address, opensearch_ca=ca, opensearch_api_key="s3cret")
        with pytest.raises(ClusterError) as raised:
            connect(settings=settings)
    assert not server.received
    assert raised.value.status == 0
    assert f"no answer from {address} (GET /_ltr): " in str(raised.value)
    assert "s3cret" not in str(raised.value)
    return str(raised.value)


def test_an_authority_of_ones_own_is_trusted(certificate):
    with recording_server(certificate) as server:
        connect(settings=Settings(opensearch_url=server.url, opensearch_ca=certificate))
    assert len(server.received) == 1


def test_a_certificate_that_is_not_trusted_names_the_variable(certificate):
    said = refusal(certificate, None)
    assert said.endswith("; set OPENSEARCH_CA to the file of the authority that signed it")


def test_an_authority_that_signed_another_certificate_is_named(certificate, folder):
    other = make_certificate(folder / "other.pem")
    said = refusal(certificate, other)
    assert f"no authority in OPENSEARCH_CA ({other}) signed its certificate" in said


@pytest.mark.parametrize("names", ["DNS:search.example", "IP:192.0.2.1"])
def test_a_certificate_of_another_host_is_said(folder, names):
    elsewhere = make_certificate(folder / "elsewhere.pem", names)
    assert "its certificate is of another host: write a name of the" in refusal(elsewhere, elsewhere)


def test_a_server_without_tls_is_said(certificate):
    assert "it speaks no TLS: write http:// in OPENSEARCH_URL" in refusal(None, certificate)


def test_an_authority_that_is_gone_is_said(certificate, folder):
    gone = folder / "gone.pem"
    gone.write_bytes(certificate.read_bytes())
    settings = Settings(opensearch_ca=gone)
    gone.unlink()
    with recording_server(certificate) as server, pytest.raises(ClusterError, match=r"OPENSEARCH_CA, .*gone\.pem, is"):
        connect(server.url, settings=settings)


def test_a_dead_host_is_passed_over_and_named_once(product, cluster_of):
    heard = []
    with recording_server(product=product) as server:
        hosts = f"{DEAD.replace('//', '//u:s3cret@')}, {server.url.replace('//', '//u:s3cret@')}"
        cluster = cluster_of(hosts, on_retry=heard.append)
        assert cluster.url == f"{DEAD},{server.url}"
        for number in range(10):
            cluster.call("POST", f"/shop/_doc/{number}", {"title": "x"})  # not repeatable: it must reach one host only
    assert len(server.received) == 10
    assert {one.headers["authorization"] for one in server.received} == {f"Basic {b64encode(b'u:s3cret').decode()}"}
    (error,) = heard
    assert f"no answer from {DEAD} (" in str(error)
    assert server.url not in str(error)
    assert "s3cret" not in str(error)


def test_requests_are_shared_between_hosts(product, cluster_of):
    with recording_server(product=product) as one, recording_server(product=product) as other:
        cluster = cluster_of(f"{one.url},{other.url}")
        for _ in range(10):
            cluster.call("GET", "/")
    assert [len(one.received), len(other.received)] == [5, 5]


def test_a_host_that_is_listed_twice_is_one(product, cluster_of):
    with recording_server(product=product) as server:
        cluster = cluster_of(f"{server.url}, {server.url}/,{server.url}")
        assert cluster.url == server.url
        assert cluster.call("GET", "/") == {}


def test_hosts_that_are_all_dead_are_all_named():
    other = "http://127.0.0.1:10"
    with pytest.raises(ClusterError) as raised:
        connect(f"{DEAD},{other}", settings=Settings())
    assert DEAD in str(raised.value)
    assert other in str(raised.value)


@pytest.mark.parametrize("trouble", [0, 502, 503, 504])
def test_only_what_may_run_twice_goes_to_another_host_after_it_was_sent(trouble, product, cluster_of):
    broken = recording_server(answer=lambda _: Answer(trouble, {"error": "not ready"}), product=product)
    with broken as one, recording_server(answer=lambda _: Answer(body={"ok": True}), product=product) as other:
        hosts = f"{one.url},{other.url}"
        for _ in range(2):  # from either host on
            cluster = cluster_of(hosts, retry_timeout_s=0)
            assert [cluster.call("GET", "/") for _ in range(2)] == [{"ok": True}] * 2
        before = len(one.received), len(other.received)
        cluster = cluster_of(hosts, retry_timeout_s=0)
        said = []
        for _ in range(2):
            with contextlib.suppress(ClusterError):
                said.append(cluster.call("POST", "/shop/_doc", {}))
        assert said == [{"ok": True}]
        assert (len(one.received), len(other.received)) == (before[0] + 1, before[1] + 1)


def test_a_host_that_loses_a_response_is_named(product, cluster_of):
    with (
        recording_server(answer=lambda _: Answer(0), product=product) as one,
        recording_server(answer=lambda _: Answer(0), product=product) as other,
    ):
        with pytest.raises(ClusterError, match="no answer from") as raised:
            cluster_of(f"{one.url},{other.url}", retry_timeout_s=0).call("POST", "/shop/_doc", {})
        (failed,) = [server for server in (one, other) if server.received]
    assert [server.url in str(raised.value) for server in (one, other)] == [failed is one, failed is other]


def test_a_request_has_its_time(cluster_of):
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        cluster = cluster_of(f"http://127.0.0.1:{hanging.getsockname()[1]}", timeout_s=0.3, retry_timeout_s=0)
        before = time.monotonic()
        with pytest.raises(ClusterError):
            cluster.call("POST", "/shop/_doc", {})
    assert 0.2 < time.monotonic() - before < 5


def test_a_host_that_hangs_is_put_aside(product, cluster_of):
    with socket.create_server(("127.0.0.1", 0)) as hanging, recording_server(product=product) as server:
        address = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        heard = []
        cluster = cluster_of(f"{address},{server.url}", timeout_s=0.3, on_retry=heard.append)
        for _ in range(6):
            cluster.call("GET", "/")
    assert len(server.received) == 6
    assert [address in str(error) for error in heard] == [True]


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/xml"])
def test_a_page_of_a_proxy_keeps_its_status_and_is_cut(kind, product, cluster_of):
    page = f"<html>not ready{' ' * 5000}</html>"
    with (
        recording_server(answer=lambda _: Answer(503, page, kind), product=product) as server,
        pytest.raises(ClusterError, match=r"GET /shop was refused \(503\): '<html>not ready") as raised,
    ):
        cluster_of(server.url, retry_timeout_s=0).call("GET", "/shop")
    assert raised.value.status == 503
    assert len(str(raised.value)) < 1000


def test_the_search_engine_is_known_of_one_that_lets_nobody_list_stores(product, cluster_of):
    refused = {"error": {"type": "security_exception", "reason": "action [cluster:admin/ltr/store/list] is denied"}}
    with recording_server(answer=lambda _: Answer(403, refused), product=product) as server:
        assert connect(server.url, settings=Settings()).engine is cluster_of.engine


def test_a_refusal_is_no_reason_to_ask_another_host(product, cluster_of):
    with (
        recording_server(answer=lambda _: Answer(404, {"error": "none"}), product=product) as one,
        recording_server(product=product) as other,
    ):
        cluster = cluster_of(f"{one.url},{other.url}")
        statuses = []
        for _ in range(4):
            try:
                cluster.call("GET", "/shop")
            except ClusterError as error:
                statuses.append(error.status)
                named = str(error)
    assert statuses == [404, 404]
    assert f"GET /shop was refused by {one.url} (404): none" in named
