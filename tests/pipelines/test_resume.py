"""The node dies while a catalog is being indexed: the command says so, and run again it goes on where it stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid

import pytest
from built_node import copy_of_built_node

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.devnode import start_node, stop_node

pytestmark = pytest.mark.live

PRODUCTS = 1100  # two tasks


def index_command(catalog, name, settings):
    """`ltr catalog put` of the catalog on the development node of these settings."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENSEARCH_URL"}
    code = "from ltr_plugin.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "catalog", "put", str(catalog), "--index", name, "--json"],
        env={**environment, "LTR_RUNS": str(settings.runs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_some_are_embedded(settings):
    """How many vectors of a first task the worker was told are kept: a search sees them before that is promised."""
    log = settings.runs / "worker.log"
    for _ in range(4800):  # four minutes: the machine may be busy
        if log.exists() and (told := re.search(r"(\d+) vectors embedded", log.read_text())):
            return int(told[1])
        time.sleep(0.05)
    raise AssertionError("nothing was embedded")


def test_a_node_killed_while_indexing_loses_nothing(tmp_path):
    lines = [json.dumps({"id": f"p{n}", "title": f"product number {n} in some colour"}) for n in range(PRODUCTS)]
    catalog = tmp_path / "catalog.jsonl"
    catalog.write_text("\n".join(lines) + "\n")
    settings, name = copy_of_built_node("test-resuming"), f"resuming-{uuid.uuid4().hex[:8]}"
    try:
        node = start_node(settings)
        (settings.runs / "worker.log").unlink(missing_ok=True)
        first = index_command(catalog, name, settings)
        kept = wait_until_some_are_embedded(settings)  # of either task: they are begun together
        os.kill(node.pid, signal.SIGKILL)
        _, said = first.communicate(timeout=120)
        assert first.returncode == 1
        assert f"no answer from {node.url}" in said
        assert "Traceback" not in said

        node = start_node(settings)
        index = ManagedIndex.open(connect(node.url), name)
        index.refresh()
        assert 0 < index.backlog() <= PRODUCTS - kept  # what was embedded before is still there
        out, said = index_command(catalog, name, settings).communicate(timeout=300)
        status = json.loads(out)
        assert (status["products"], status["backlog"], status["errors"]) == (PRODUCTS, 0, []), said
        index.cluster.call("DELETE", f"/{index.name}")
    finally:
        stop_node(settings)
