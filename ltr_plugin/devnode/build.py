"""Maven fetches OpenSearch and k-NN by their coordinates and builds the engine plugin."""

import hashlib
import os
import subprocess
from pathlib import Path

from ltr_plugin.devnode.folder import NodeFolder, tail
from ltr_plugin.devnode.toolchain import Jdk, find_maven
from ltr_plugin.errors import NodeError


def sources_digest(engine: Path) -> str:
    """SHA-256 of everything the plugin is built from: the pom and the sources without their tests."""
    pom = engine / "pom.xml"
    if not pom.is_file():
        raise NodeError(f"the engine's sources are not at {str(engine)!r}: the installation is incomplete")
    tests = engine / "src" / "test"
    digest = hashlib.sha256()
    for path in (pom, *sorted((engine / "src").rglob("*"))):
        if path.is_file() and tests not in path.parents:
            digest.update(f"{path.relative_to(engine)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def build(engine: Path, folder: NodeFolder, jdk: Jdk) -> Path:
    """Runs Maven and returns the folder with opensearch.zip, opensearch-knn.zip and ltr-engine.zip.

    The first run downloads about 170 MB. NodeError with the end of Maven's output when it fails.
    """
    run_logged(
        [
            str(find_maven()), "--batch-mode", "--no-transfer-progress", "--file", str(engine / "pom.xml"),
            "package", "-DskipTests", f"-Dltr.build={folder.build}",
        ],
        folder.build_log, jdk, "the engine plugin cannot be built",
    )  # fmt: skip
    return folder.build / "dist"


def run_logged(command: list[str], log: Path, jdk: Jdk, failure: str) -> None:
    """Runs a Java tool with its output in `log`; NodeError(failure) with the log's end unless it succeeds."""
    # OPENSEARCH_HOME and others like it would make the plugin installer change another node.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENSEARCH_")}
    with log.open("wb") as output:
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, umask=0o022,
            env=environment | {"JAVA_HOME": str(jdk.home)},
        )  # fmt: skip
    if process.returncode:
        raise NodeError(f"{failure} (exit code {process.returncode}, log {str(log)!r}):\n{tail(log)}")
