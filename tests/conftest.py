"""The development node for the tests marked `live`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltr_plugin.cluster.node import node_state, start_node, stop_node
from ltr_plugin.settings import Settings


@pytest.fixture(scope="session")
def node_url() -> Iterator[str]:
    """A cluster's address: OPENSEARCH_URL, else a node in runs/test-node, which later runs find already built."""
    if url := os.environ.get("OPENSEARCH_URL"):
        yield url
        return
    settings = Settings(runs=Path(__file__).parents[1] / "runs" / "test-node")
    running = node_state(settings)
    yield (running or start_node(settings)).url
    if not running:
        stop_node(settings)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option of `test_golden.py`."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the files of tests/golden/ anew")
