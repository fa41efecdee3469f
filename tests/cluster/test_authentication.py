"""Each way to authenticate sends what the cluster expects, and a refusal names the variable but never the secret."""

import hashlib
import logging
import os
import sys
from base64 import b64encode
from urllib.parse import quote

import pytest
from recording_server import Answer, recording_server

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.elasticsearch import ElasticsearchCluster
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.settings import Settings, describe

USER, PASSWORD, KEY, TOKEN = "Jürgen→", "pä ss✓/@:s3cret", "a2V5OnMzY3JldA==", "eyJ.s3cret-token_1"
BASIC = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ACCESS, SECRET, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI+s3cret", "session+s3cret/token=="
WAYS = {
    "user": ({"OPENSEARCH_USER": USER, "OPENSEARCH_PASSWORD": PASSWORD}, f"Basic {BASIC}", "OPENSEARCH_USER"),
    "key": ({"OPENSEARCH_API_KEY": KEY}, f"ApiKey {KEY}", "OPENSEARCH_API_KEY"),
    "token": ({"OPENSEARCH_BEARER_TOKEN": TOKEN}, f"Bearer {TOKEN}", "OPENSEARCH_BEARER_TOKEN"),
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("AWS_") or name in describe():
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def aws(monkeypatch):
    pytest.importorskip("botocore")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SESSION)
    monkeypatch.setenv("OPENSEARCH_AWS_REGION", "eu-west-1")


@pytest.mark.parametrize("prefix", ["OPENSEARCH_", "ELASTICSEARCH_"])
@pytest.mark.parametrize("in_files", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_sends_its_header(monkeypatch, tmp_path, way, in_files, prefix):
    variables, header, _ = WAYS[way]
    for name, value in variables.items():
        name = name.replace("OPENSEARCH_", prefix)  # noqa: PLW2901 - the same variable
        (tmp_path / name).write_bytes(f"{value}\r\n".encode())
        monkeypatch.setenv(*((f"{name}_FILE", str(tmp_path / name)) if in_files else (name, value)))
    with recording_server() as server:
        connect(server.url)
    assert [request.headers["authorization"] for request in server.received] == [header]


def test_an_address_may_have_the_user_in_any_script():
    with recording_server() as server:
        address = server.url.replace("://", f"://{quote(USER)}:{quote(PASSWORD, safe='')}@")
        cluster = connect(address, settings=Settings())
        assert cluster.url == server.url
        connect(server.url.replace("://", "://guest@"), settings=Settings())
    assert server.received[0].headers["authorization"] == f"Basic {BASIC}"
    assert server.received[1].headers["authorization"] == f"Basic {b64encode(b'guest:').decode()}"


def test_without_credentials_none_are_sent():
    with recording_server() as server:
        connect(server.url, settings=Settings())
    assert "authorization" not in server.received[0].headers


STATED = {
    "OPENSEARCH_URL": "http://u:s3cret@search",
    "OPENSEARCH_USER": "u",
    "OPENSEARCH_API_KEY": KEY,
    "OPENSEARCH_BEARER_TOKEN": TOKEN,
    "OPENSEARCH_AWS_REGION": "eu-west-1",
}


@pytest.mark.parametrize("first", STATED)
@pytest.mark.parametrize("second", STATED)
def test_two_ways_at_once_are_named(monkeypatch, first, second):
    monkeypatch.setenv(first, STATED[first])
    monkeypatch.setenv(second, STATED[second])
    if first == second:
        Settings.from_env()
        return
    with pytest.raises(InputError, match="set one of them, and no other") as raised:
        Settings.from_env()
    assert first in str(raised.value)
    assert second in str(raised.value)
    assert "s3cret" not in str(raised.value)


def quoting(status, kind):
    """As a proxy that writes the request into its answer."""

    def answer(request):
        quoted = f"refused {request.headers['authorization']}"
        return Answer(status, quoted if kind == "text/plain" else {"error": {"reason": quoted}}, kind)

    return answer


@pytest.mark.parametrize("cluster_of", [OpenSearchCluster, ElasticsearchCluster])
@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
@pytest.mark.parametrize("status", [401, 403, 400])
@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_names_the_variable_and_nothing_shows_the_secret(monkeypatch, caplog, way, status, kind, cluster_of):
    caplog.set_level(logging.DEBUG)
    variables, header, name = WAYS[way]
    prefix = f"{cluster_of.engine.name.upper()}_"
    for each, value in variables.items():
        monkeypatch.setenv(each.replace("OPENSEARCH_", prefix), value)
    with recording_server(answer=quoting(status, kind)) as server, pytest.raises(ClusterError) as raised:
        cluster_of(server.url, settings=Settings.from_env()).call("GET", "/")
    shown = f"{raised.value}{raised.value!r}{caplog.text}"
    assert (name.replace("OPENSEARCH_", prefix) in shown) == (status != 400)
    assert "refused " in shown
    assert "***" in shown
    assert not [secret for secret in (header.split()[1][:12], PASSWORD, KEY[:8], TOKEN[:8]) if secret in shown]


@pytest.mark.usefixtures("aws")
def test_a_refusal_of_aws_names_what_may_be_wrong_and_nothing_shows_the_secret(caplog):
    caplog.set_level(logging.DEBUG)
    refusal = Answer(403, {"Message": "User: anonymous is not authorized to perform: es:ESHttpGet"})
    with (
        recording_server(answer=lambda _: refusal) as server,
        pytest.raises(ClusterError, match=r"anonymous is not.*OPENSEARCH_AWS_REGION.*role the right") as raised,
    ):
        connect(server.url)
    assert "s3cret" not in f"{raised.value}{caplog.text}"


CALLS = [
    ("GET", "/_ltr", None, {}),
    ("GET", "/shop,toys/_search", {"query": {"match": {"title": "größe ✓"}}}, {"filter_path": "hits.hits.*"}),
    ("POST", "/shop/_search", {"size": 1}, {"q": "red mug + ö&=", "routing": "a,b/c"}),
    ("PUT", f"/shop/_doc/{quote('ä b/ç', safe='')}", {"title": "x"}, {"refresh": True}),
    ("PUT", "/größe/_doc/a b", {"title": "x"}, {}),
    ("DELETE", "/shop-v*", None, {}),
]


@pytest.mark.parametrize("service", ["es", "aoss"])
@pytest.mark.usefixtures("aws")
def test_what_is_signed_is_what_is_sent(monkeypatch, service):
    monkeypatch.setenv("OPENSEARCH_AWS_SERVICE", service)
    items = [{"index": {"_id": "ä", "status": 201}}]
    with recording_server(answer=lambda _: Answer(body={"items": items})) as server:
        cluster = OpenSearchCluster(server.url, settings=Settings.from_env())
        for method, path, body, params in CALLS:
            cluster.call(method, path, body, **params)
        (result,) = cluster.bulk([{"_op_type": "index", "_index": "shop", "_id": "ä", "_source": {"title": "größe"}}])
    assert result == ("ä", None)
    assert len(server.received) == len(CALLS) + 1
    for request in server.received:
        assert "+" not in request.target  # which one side may read as a blank, and the other as a plus
        assert request.headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest()
        assert request.headers["authorization"] == expected_signature(request, service)


def expected_signature(request, service):
    """The header as botocore makes it for a request that was received."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    given = request.headers["authorization"]
    signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"} <= set(signed)
    signing = SigV4Auth(Credentials(ACCESS, SECRET, SESSION), service, "eu-west-1")
    headers = {name: request.headers[name] for name in signed}
    url = f"http://{request.headers['host']}{request.target}"
    again = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    again.context["timestamp"] = request.headers["x-amz-date"]
    text = signing.string_to_sign(again, signing.canonical_request(again))
    scope = f"{request.headers['x-amz-date'][:8]}/eu-west-1/{service}/aws4_request"
    return (
        f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={';'.join(signed)}, "
        f"Signature={signing.signature(text, again)}"
    )


@pytest.mark.usefixtures("aws")
def test_credentials_of_aws_that_are_missing_are_said(monkeypatch):
    settings = Settings.from_env()
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ClusterError, match="missing: AWS_SECRET_ACCESS_KEY; set AWS_ACCESS_KEY_ID and"):
        connect("http://127.0.0.1:9", settings=settings)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ClusterError, match="no credentials for AWS, which OPENSEARCH_AWS_REGION asks for; set AWS_"):
        connect("http://127.0.0.1:9", settings=settings)
    monkeypatch.setenv("AWS_PROFILE", "shop")
    with pytest.raises(ClusterError, match=r"no credentials for AWS: .*profile \(shop\)"):
        connect("http://127.0.0.1:9", settings=settings)


def test_signing_without_botocore_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(ClusterError, match=r"OPENSEARCH_AWS_REGION needs the module botocore, .*ltr-plugin\[aws\]"):
        connect("http://127.0.0.1:9", settings=Settings(opensearch_aws_region="eu-west-1"))
