"""The engine's own unit tests, in Java, which need no node."""

from pathlib import Path

import pytest

from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.toolchain import find_jdk, find_maven
from ltr_plugin.errors import NodeError

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "runs" / "test-java"
WITHOUT_TESTS = "elasticsearch-test-node"
"""A module that has no Java tests and takes longest to compile; each start of an Elasticsearch node tests it."""


@pytest.mark.slow
def test_the_java_tests_pass(monkeypatch):
    monkeypatch.setenv("MAVEN_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    BUILD.mkdir(parents=True, exist_ok=True)
    command = [find_maven(), "--batch-mode", "--no-transfer-progress", "--file", ROOT / "engine" / "pom.xml"]
    options = ["test", "--activate-profiles", "tests", f"-Dltr.build={BUILD}", "--projects", f"!{WITHOUT_TESTS}"]
    log = BUILD / "maven.log"
    try:
        run_logged([*map(str, command), *options], log, find_jdk(), "the engine's tests fail")
    except NodeError:
        if "Could not resolve dependencies" in log.read_text():
            pytest.skip("Maven cannot fetch JUnit here")
        raise
    assert "Tests run: " in log.read_text()
