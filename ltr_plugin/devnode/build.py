"""Maven fetches a distribution by its coordinates and builds the engine plugin for it."""

import hashlib
import os
import subprocess
from pathlib import Path

from ltr_plugin.devnode.distribution import DISTRIBUTIONS, Distribution
from ltr_plugin.devnode.folder import ClusterFolder, tail
from ltr_plugin.devnode.toolchain import Jdk, find_maven
from ltr_plugin.errors import NodeError


def sources_digest(engine: Path, distribution: Distribution) -> str:
    """SHA-256 of everything its plugin is built from: the poms and the sources without their tests."""
    if not (engine / "pom.xml").is_file():
        raise NodeError(f"the engine's sources are not at {str(engine)!r}: the installation is incomplete")
    of_others = {module for one in DISTRIBUTIONS.values() if one != distribution for module in one.modules}
    digest = hashlib.sha256()
    for path in sorted(engine.rglob("*")):
        parts = path.relative_to(engine).parts
        if path.is_file() and parts[0] not in of_others and not _is_aside(parts):
            digest.update(f"{'/'.join(parts)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def build(engine: Path, folder: ClusterFolder, distribution: Distribution, jdk: Jdk) -> Path:
    """Runs Maven and returns the folder with the zip files of the distribution, its plugins and its modules.

    The first run downloads about 170 MB. NodeError with the end of Maven's output when it fails.
    """
    run_logged(
        [
            str(find_maven()), "--batch-mode", "--no-transfer-progress", "--file", str(engine / "pom.xml"),
            "package", "-DskipTests", f"-Dltr.build={folder.build}",
            "--projects", ",".join(distribution.modules), "--also-make",
        ],
        folder.build_log, jdk, "the engine plugin cannot be built",
    )  # fmt: skip
    return folder.dist(distribution)


def run_logged(command: list[str], log: Path, jdk: Jdk, failure: str) -> None:
    """Runs a Java tool with its output in `log`; NodeError(failure) with the log's end unless it succeeds."""
    # OPENSEARCH_HOME and others like it would make the plugin installer change another node.
    theirs = tuple(f"{one.variables}_" for one in DISTRIBUTIONS.values())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    homes = {f"{prefix}JAVA_HOME": str(jdk.home) for prefix in ("", *theirs)}
    with log.open("wb") as output:
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, umask=0o022,
            env=environment | homes,
        )  # fmt: skip
    if process.returncode:
        raise NodeError(f"{failure} (exit code {process.returncode}, log {str(log)!r}):\n{tail(log)}")


def _is_aside(parts: tuple[str, ...]) -> bool:
    """Whether a file is a page, a test, or what Maven wrote, where somebody ran it by hand."""
    in_tests = any(parts[at : at + 2] == ("src", "test") for at in range(len(parts)))
    return in_tests or "target" in parts or parts[-1].endswith(".md")
