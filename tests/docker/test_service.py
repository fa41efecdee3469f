"""The HTTP service in a container: with the variables and secrets of compose.yaml, on a read-only file system."""

import re
import shlex
import subprocess
import time
import uuid

import pytest
from as_container import confined, confined_environment, container_environment, filled, health
from ltr_command import LTR
from running_service import RunningService

from benchmarks.lib.brokers import free_port
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create

PUBLIC_KEY = "public-key-of-the-storefront"


@pytest.fixture
def shop(node_url, tmp_path):
    """The name of an index with one product and no vectors."""
    cluster = connect(node_url)
    index = open_or_create(cluster, f"docker-{uuid.uuid4().hex[:8]}", (), tmp_path)
    assert not [error for _, error in index.put([Product(id="mug", title="red mug")]) if error]
    index.refresh()
    yield index.alias
    cluster.call("DELETE", f"/{index.name}")


def test_compose_runs_what_the_image_runs(docker, compose):
    dockerfile = (docker / "service/Dockerfile").read_text()
    (command,) = re.findall(r"^CMD \[(.*)\]$", dockerfile, re.MULTILINE)
    service = compose["services"]["search-service"]
    assert shlex.split(command.replace(",", "")) == [filled(word) for word in service["command"]]
    (port,) = re.findall(r"^EXPOSE (\d+)$", dockerfile, re.MULTILINE)
    assert f'"{port}/readyz"' in dockerfile
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.live
def test_the_service_runs_where_only_its_folder_can_be_written(node_url, shop, compose, secrets, tmp_path):
    service, state, port = compose["services"]["search-service"], tmp_path / "state", free_port()
    stated = {
        "LTR_SERVICE_INDEX": shop,
        "LTR_SERVICE_PUBLIC_KEY": PUBLIC_KEY,
        "LTR_SERVICE_ORIGINS": "https://shop.example/",
        "LTR_SERVICE_PROXIES": "127.0.0.0/8",
    }
    own = {
        name: value
        for name, value in container_environment(service, secrets, **stated).items()
        if not name.startswith("OPENSEARCH_")  # the development node has no users
    }
    environment = confined_environment(state, **own, OPENSEARCH_URL=node_url)
    command = [*(filled(word, **stated) for word in service["command"]), "--port", str(port), "--speech-model", "none"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(confined(*LTR, *command), env=environment, cwd=state, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while health(environment, f"{port}/readyz")[0] and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
        assert health(environment, f"{port}/readyz") == (0, ""), (tmp_path / "log").read_text()
        running = RunningService(f"http://127.0.0.1:{port}", app=None)
        answers_as_configured(running, (secrets / "service_key").read_text().strip())
        process.terminate()
        process.wait(30)
    finally:
        process.kill()
        process.wait()
    assert health(environment, f"{port}/readyz")[0] == 1
    assert "Read-only file system" not in (tmp_path / "log").read_text()


def answers_as_configured(service, key):
    """Keys, origins and proxies are those of the variables."""
    own = {"Authorization": f"Bearer {key}"}
    found = service.post("/v1/search", {"text": "mug"}, **own)
    assert [hit["id"] for hit in found.body["hits"]] == ["mug"]
    assert service.post("/v1/products", "{}", **own).status == 403
    assert service.post("/v1/search", {}).status == 401
    assert service.get("/page.json").body["key"] == PUBLIC_KEY
    public = {"X-API-Key": PUBLIC_KEY}
    answer = service.post("/v1/search", {}, **public, Origin="https://shop.example")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://shop.example")

    def status(address):  # a request that counts four times against the limit of its address
        return service.post("/v1/transcribe", "{}", **public, **{"X-Forwarded-For": address}).status

    assert any(status("192.0.2.1") == 429 for _ in range(100))
    assert status("192.0.2.2") != 429
