"""The real thing: Maven, OpenSearch and the engine."""

import http.client
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from built_node import RUNS, built_node, copy_of_built_node
from typer.testing import CliRunner

from ltr_plugin.devnode import ClusterFolder, kill_node, node_health, node_state, start_node, stop_node
from ltr_plugin.devnode.build import build
from ltr_plugin.devnode.distribution import OPENSEARCH
from ltr_plugin.devnode.layout import laid_out, lay_out
from ltr_plugin.devnode.toolchain import find_jdk
from ltr_plugin.errors import NodeError
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

SETTINGS = Settings(runs=RUNS / "test-restarts")


@pytest.fixture(scope="module", autouse=True)
def built_and_stopped_at_the_end() -> Iterator[None]:
    copy_of_built_node("test-restarts")
    yield
    stop_node(SETTINGS)


def call(url: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def test_a_started_node_has_both_plugins_and_is_started_once():
    state = start_node(SETTINGS)
    assert start_node(SETTINGS) == state
    assert node_state(SETTINGS) == state
    health = node_health(state)
    assert health.status in ("green", "yellow")
    assert [plugin.split()[0] for plugin in health.plugins] == ["ltr-engine", "opensearch-knn"]
    assert call(state.url, "GET", "/_ltr")[0] == 200


@pytest.mark.parametrize(
    "header", [{"Host": "shop.example:9200"}, {"Origin": "http://shop.example"}, {"Origin": "null"}]
)
def test_requests_of_web_pages_are_refused(header: dict[str, str]):
    address = urlsplit(start_node(SETTINGS).url).netloc
    for path in ("/", "/_cluster/health", "/_ltr"):
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("GET", path, headers=header)
        assert connection.getresponse().status == 403
        connection.close()


def test_a_document_survives_the_kill_of_its_node():
    state = start_node(SETTINGS)
    call(state.url, "DELETE", "/kept")
    assert call(state.url, "PUT", "/kept/_doc/1", {"title": "red shoe"})[0] == 201
    kill_node(SETTINGS)
    assert node_state(SETTINGS) is None
    again = start_node(SETTINGS)
    assert again.pid != state.pid
    with pytest.raises(NodeError, match=f"the node runs at {again.url}; stop it"):
        start_node(SETTINGS, port=9)
    assert call(again.url, "GET", "/kept/_doc/1")[1]["_source"] == {"title": "red shoe"}


def test_the_command_tells_the_state_by_its_exit_code(monkeypatch: pytest.MonkeyPatch):
    from ltr_plugin.cli.node import app

    monkeypatch.setenv("LTR_RUNS", str(SETTINGS.runs))
    state = start_node(SETTINGS)
    shown = CliRunner().invoke(app, ["status", "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["url"] == state.url
    assert state.url in CliRunner().invoke(app, ["start"]).stdout
    assert "started" in CliRunner().invoke(app, ["logs", "-n", "20"]).stdout
    assert CliRunner().invoke(app, ["stop"]).exit_code == 0
    assert node_state(SETTINGS) is None
    assert CliRunner().invoke(app, ["status"]).exit_code == 1


def test_a_node_that_dies_at_the_start_says_why(monkeypatch: pytest.MonkeyPatch):
    stop_node(SETTINGS)
    monkeypatch.setenv("OPENSEARCH_JAVA_OPTS", "-Xnonsense")
    with pytest.raises(NodeError, match="-Xnonsense"):
        start_node(SETTINGS)
    assert node_state(SETTINGS) is None


def test_only_the_plugin_that_changed_is_replaced(tmp_path: Path):
    jdk = find_jdk()
    folder = ClusterFolder(tmp_path / "node")
    folder.root.mkdir()
    home = folder.home(OPENSEARCH)
    built = built_node()
    shutil.copytree(built.home(OPENSEARCH), home, symlinks=True)
    dist = Path(shutil.copytree(built.dist(OPENSEARCH), tmp_path / "dist"))
    lib, knn, engine = (_identity(home / part) for part in ("lib", "plugins/opensearch-knn", "plugins/ltr-engine"))

    lay_out(folder, OPENSEARCH, dist, "first", jdk)
    assert laid_out(home)["sources"] == "first"
    assert _identity(home / "plugins/ltr-engine") == engine

    with ZipFile(dist / "ltr-engine.zip", "a") as plugin:
        plugin.writestr("CHANGED.txt", "changed")
    lay_out(folder, OPENSEARCH, dist, "second", jdk)
    assert laid_out(home)["sources"] == "second"
    assert (home / "plugins" / "ltr-engine" / "CHANGED.txt").read_text() == "changed"
    assert (_identity(home / "lib"), _identity(home / "plugins/opensearch-knn")) == (lib, knn)

    (dist / "modules").mkdir()
    descriptor = (home / "plugins" / "ltr-engine" / "plugin-descriptor.properties").read_text()
    with ZipFile(dist / "modules" / "extra.zip", "w") as module:
        module.writestr("plugin-descriptor.properties", descriptor.replace("ltr-engine", "extra"))
    lay_out(folder, replace(OPENSEARCH, plugins=("ltr-engine.zip",)), dist, "third", jdk)  # its k-NN takes long
    assert "name=extra" in (home / "modules" / "extra" / "plugin-descriptor.properties").read_text()
    assert (home / "plugins" / "ltr-engine" / "CHANGED.txt").exists()


def test_a_failed_build_shows_what_maven_said(tmp_path: Path):
    (tmp_path / "pom.xml").write_text("<project><nonsense></project>")
    with pytest.raises(NodeError, match="nonsense"):
        build(tmp_path, ClusterFolder(tmp_path), OPENSEARCH, find_jdk())


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_ino, found.st_ctime_ns
