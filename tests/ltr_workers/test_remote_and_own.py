"""Workers with encoders from elsewhere: a service that is called by HTTP, and a package of the user's own."""

import json
import os
import re
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from embeddings_server import Answer, embeddings_server, unit_vectors
from ltr_command import ltr
from ltr_workers import tasks
from ltr_workers.embedding import embed

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.encoders import vector_fields
from ltr_plugin.encoders.remote import http_encoder, service
from ltr_plugin.errors import EncoderUnavailableError

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "encoders.md").read_text("utf-8"), re.DOTALL)[1]
TITLES = [f"{colour} {thing}" for colour in ("red", "blue", "green") for thing in ("coffee mug", "garden hose")]
PRODUCTS = [Product(id=f"p{number}", title=title) for number, title in enumerate(TITLES)]


@pytest.fixture
def server(monkeypatch):
    with embeddings_server() as running:
        monkeypatch.setenv("LTR_EMBEDDINGS_URL", running.url)
        monkeypatch.setattr(service, "FIRST_DELAY_S", 0.01)
        yield running


@pytest.fixture
def remote_index(node_url, server, tmp_path):  # noqa: ARG001 - the encoder's first request
    """An empty index whose encoder is the service."""
    cluster, alias = connect(node_url), f"remote-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(f"http:{uuid.uuid4().hex}"), tmp_path)
    yield made
    cluster.call("DELETE", f"/{made.name}")


def put(index, products):
    assert [error for _, error in index.put(products) if error] == []
    index.refresh()


def test_a_worker_writes_the_vectors_of_the_service(remote_index, vectors_of):
    put(remote_index, PRODUCTS)
    report = embed(remote_index, [product.id for product in PRODUCTS])
    assert (report.embedded, report.failed) == (len(PRODUCTS), 0)
    stored = np.array([vectors_of(remote_index, product.id)["text_vector"] for product in PRODUCTS])
    assert stored == pytest.approx(unit_vectors([one.embedding_text() for one in PRODUCTS]), abs=1e-6)


def test_a_refused_text_is_an_error_of_its_product_alone(remote_index, server):
    put(remote_index, [*PRODUCTS, Product(id="bad", title="poison")])
    report = embed(remote_index, ["bad", *(product.id for product in PRODUCTS)])
    assert (report.embedded, report.failed) == (len(PRODUCTS), 1)
    remote_index.refresh()
    assert [one[0] for one in remote_index.unembedded()] == ["bad"]
    assert [one[3] for one in remote_index.unembedded()] == [f"{server.host} answered 400: that is nothing to embed"]


def test_a_service_that_is_away_leaves_the_backlog_as_it_is(remote_index, server, monkeypatch):
    put(remote_index, PRODUCTS)
    monkeypatch.setattr(http_encoder, "RETRY_TIMEOUT_S", 0.1)
    server.troubles = [Answer(503)] * 50
    with pytest.raises(EncoderUnavailableError) as raised:
        embed(remote_index, [product.id for product in PRODUCTS])
    assert tasks._is_transient(raised.value)
    remote_index.refresh()
    assert (remote_index.backlog(), list(remote_index.unembedded())) == (len(PRODUCTS), [])


@pytest.mark.slow
@pytest.mark.parametrize("which", ["http", "own"])
def test_commands_and_their_worker_use_it(which, node_url, server, tmp_path):
    site = tmp_path / "site"
    metadata = site / "shop_encoders-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "shop_encoders.py").write_text(DOCUMENTED)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-encoders\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ltr_plugin.encoders]\ntrigrams = shop_encoders:LIBRARY\n")
    environment = {
        "OPENSEARCH_URL": node_url,
        "LTR_RUNS": str(tmp_path / "runs"),
        "LTR_EMBEDDINGS_URL": server.url,
        "LTR_EMBEDDINGS_API_KEY": "sk-s3cret",
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")]), *sys.path]),
    }
    catalog, name = tmp_path / "catalog.jsonl", f"remote-{uuid.uuid4().hex[:8]}"
    catalog.write_text("".join(f"{json.dumps({'id': one.id, 'title': one.title})}\n" for one in PRODUCTS))
    encoder = "http:some-model" if which == "http" else "trigrams:256"
    try:
        code, out, err = ltr("index", "create", name, "--from", catalog, "--text-encoder", encoder, **environment)
        assert code == 0, err
        assert "6 products, 0 waiting for vectors, 0 errors" in out
        query = "red coffee mug" if which == "http" else "red cofee mugg"
        code, out, err = ltr("search", query, "--index", name, "--ranker", "vectors", "--json", **environment)
        assert code == 0, err
        assert '"p0"' in out
        assert out.index('"p0"') == min(out.index(f'"{one.id}"') for one in PRODUCTS if f'"{one.id}"' in out)
    finally:
        connect(node_url).call("DELETE", f"/{name}-v1")
    log = (tmp_path / "runs" / "worker.log").read_text()
    assert "s3cret" not in log
    if which == "http":
        assert "6 texts sent; 35 tokens so far" in log
        assert {one.get("Authorization") for one in server.headers} == {"Bearer sk-s3cret"}
