"""The node goes away while a catalog is being indexed: the command says so, and run again it goes on where it stopped.

The node itself lives on behind a proxy: what a killed one keeps is a matter of `devnode/test_node.py`.
"""

import json
import os
import subprocess
import sys
import threading
import uuid

import pytest
from busy_proxy import BusyProxy, busy_proxy
from ltr_command import ltr_here

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex

pytestmark = pytest.mark.live

PRODUCTS = 1100  # two tasks


class Vectors:
    """The number of vectors that are written through a proxy, which is cut off after `most` requests with any."""

    def __init__(self, proxy: BusyProxy, most: int | None = None) -> None:
        self._most = most
        self._requests = self.number = 0
        self.cut_off = threading.Event()
        proxy.trouble_of = self._trouble

    def _trouble(self, path: str, body: bytes) -> str | None:
        if path == "/_bulk" and (vectors := body.count(b'"results":{')):
            if self._requests == self._most:
                self.cut_off.set()
            elif not self.cut_off.is_set():
                self._requests += 1
                self.number += vectors
        return "drop" if self.cut_off.is_set() else None


@pytest.fixture
def index(node_url, tmp_path):
    """An empty index whose one encoder is a file of word vectors, which loads at once."""
    (tmp_path / "words.txt").write_text("red 0 1\nmug 1 1\n")
    cluster, alias = connect(node_url), f"resuming-{uuid.uuid4().hex[:8]}"
    words = ("index", "create", alias, "--text-encoder", f"word-vectors:{tmp_path}/words.txt")
    code, _, said = ltr_here(*words, OPENSEARCH_URL=node_url, LTR_RUNS=str(tmp_path / "runs"))
    assert code == 0, said
    yield ManagedIndex.open(cluster, alias)
    cluster.call("DELETE", f"/{alias}-v*")


def put_command(url, catalog, alias, tmp_path):
    """`ltr catalog put` of the catalog on the cluster at this address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENSEARCH_", "LTR_"))}
    code = "from ltr_plugin.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "catalog", "put", str(catalog), "--index", alias, "--json"],
        env={**environment, "OPENSEARCH_URL": url, "LTR_RUNS": str(tmp_path / "runs"), "LTR_RETRY_TIMEOUT_S": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_node_that_goes_away_while_indexing_loses_nothing(node_url, index, tmp_path):
    catalog = tmp_path / "catalog.jsonl"
    catalog.write_text("".join(json.dumps({"id": f"p{n}", "title": f"red mug {n}"}) + "\n" for n in range(PRODUCTS)))
    with busy_proxy(node_url) as proxy:
        before = Vectors(proxy, most=1)
        first = put_command(proxy.url, catalog, index.alias, tmp_path)
        while not before.cut_off.wait(0.05):
            assert first.poll() is None, first.communicate()
    _, said = first.communicate(timeout=120)
    assert first.returncode == 1
    assert f"no answer from {proxy.url}" in said
    assert "Traceback" not in said

    index.refresh()
    assert index.count() - index.backlog() == before.number > 0  # what was embedded before is still there
    with busy_proxy(node_url, proxy.server_port) as again:
        after = Vectors(again)
        out, said = put_command(again.url, catalog, index.alias, tmp_path).communicate(timeout=120)
    status = json.loads(out)
    assert (status["products"], status["backlog"], status["errors"]) == (PRODUCTS, 0, []), said
    assert after.number == PRODUCTS - before.number
