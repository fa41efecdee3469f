"""Media that cannot be read now: their products keep what they have, stay in the backlog, and hold nobody up."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ltr_workers.embedding import embed
from PIL import Image

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.media import fetching
from ltr_plugin.media.hosts import HostBudgets
from ltr_plugin.pipelines.embedding import items
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

SIGNED = "?X-Amz-Signature=s3cret"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 503
    photo = b""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status if "moody" in self.path else 200)
        self.end_headers()
        self.wfile.write(self.server.photo)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server of a photo; under `moody` it answers with its `status`."""
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", "127.0.0.0/8")
    monkeypatch.setattr(fetching, "HOSTS", HostBudgets())
    monkeypatch.setattr(fetching, "FIRST_PAUSE_S", 0.01)
    Image.new("RGB", (40, 40), "red").save(tmp_path / "served.png")
    with Server(("127.0.0.1", 0), Handler) as serving:
        serving.photo = (tmp_path / "served.png").read_bytes()
        serving.url = f"http://127.0.0.1:{serving.server_port}"
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


def put(index, *products):
    assert [error for _, error in index.put(products) if error] == []
    index.refresh()


def state(index):
    index.refresh()
    return sorted(index.backlog_ids()), [id_ for id_, *_ in index.errors()], [id_ for id_, *_ in index.unavailable()]


def test_what_passes_leaves_the_product_in_the_backlog_and_what_lasts_is_an_error(index, server, catalog, vectors_of):
    half = Product(id="half", images=("red.png", f"{server.url}/moody{SIGNED}"))
    put(index, catalog[0], Product(id="none", images=(f"{server.url}/moody",)), half)
    report = embed(index, ["p0", "none", "half"], source="image")
    assert (report.embedded, report.failed, list(report.unavailable)) == (1, 0, ["none", "half"])
    assert state(index) == (["half", "none", "p0"], [], ["half", "none"]), "p0 lacks the vector of its text"
    assert "image_vector" in vectors_of(index, "half"), "its other photo is good"
    assert f"{server.url}/moody: 127.0.0.1 answered 503" in report.unavailable["half"]
    assert "s3cret" not in str(report) + str(list(index.unavailable()))
    server.status = 404
    embed(index, ["none", "half"], source="image")
    assert state(index)[1:] == (["half", "none"], [])
    assert "s3cret" not in str(list(index.errors()))


def test_an_old_vector_serves_until_its_photo_can_be_read(index, server, catalog, vectors_of):
    put(index, catalog[1])
    embed(index, ["p1"])
    before = vectors_of(index, "p1")["image_vector"]
    put(index, catalog[1].model_copy(update={"images": (f"{server.url}/moody",)}))
    embed(index, ["p1"])
    assert vectors_of(index, "p1")["image_vector"] == before
    server.status = 200
    embed(index, ["p1"])
    assert vectors_of(index, "p1")["image_vector"] != before
    assert state(index) == ([], [], [])


def test_a_command_that_waits_ends_and_the_next_one_tries_again(index, server, catalog, node_url, tmp_path):
    settings = Settings(opensearch_url=node_url, runs=tmp_path / "runs")
    put(index, catalog[0], Product(id="later", images=(f"{server.url}/moody",)))
    embed_backlog(settings, index)
    assert state(index) == (["later"], [], ["later"])
    server.status = 200
    embed_backlog(settings, index)
    assert state(index) == ([], [], [])


def test_the_urls_of_one_product_take_a_limited_time(index, server, catalog, monkeypatch):
    monkeypatch.setattr(items, "MAX_FETCH_S", 0.0)
    put(index, Product(id="slow", images=(f"{server.url}/good",)), catalog[1])
    report = embed(index, ["slow", "p1"], source="image")
    assert (report.embedded, list(report.unavailable)) == (1, ["slow"])


def test_a_worker_reads_no_files_of_folders_that_it_was_not_told(index, server, catalog):
    put(index, catalog[1], Product(id="url", images=(f"{server.url}/good",)))
    report = embed(ManagedIndex.open(index.cluster, index.name), ["p1", "url"], source="image")
    assert (report.embedded, list(report.unreadable)) == (1, ["p1"])
    assert "set LTR_MEDIA_ROOT of the worker to a folder that contains" in report.unreadable["p1"]
    assert state(index) == (["p1"], [], [])


def test_storefronts_get_references_without_passwords(index):
    put(index, Product(id="p", images=(f"http://u:pw@shop.example/a.jpg{SIGNED}", "b.jpg")))
    source = index.cluster.call("GET", f"/{index.name}/_doc/p")["_source"]
    assert source["shown_images"] == ["http://shop.example/a.jpg", "b.jpg"]
    assert "shown_images" in index.profile.returned_fields
    assert "images" not in index.profile.returned_fields
