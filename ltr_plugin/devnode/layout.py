"""Turns Maven's zip files into a node: OpenSearch, its plugins, its configuration."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.folder import CLUSTER_NAME, NodeFolder, write_whole
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError

LISTED = "laid-out.json"
DISTRIBUTION = "opensearch.zip"
PLUGINS = ("opensearch-knn.zip", "ltr-engine.zip")
GROUPS = ("", "user.slice", "system.slice", "init.scope")
"""Control groups below which OpenSearch lets Java read what memory it may take (its `security.policy`)."""


def laid_out(folder: NodeFolder) -> dict[str, str]:
    """What the node was made of: `sources` and the digest of each zip. Empty when there is no whole node."""
    try:
        listed: dict[str, str] = json.loads((folder.home / LISTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return listed


def lay_out(folder: NodeFolder, dist: Path, sources: str, jdk: Jdk) -> None:
    """Makes the node of these zip files, or replaces in the present one the plugins that changed. Data stays."""
    wanted = {name: _digest(dist / name) for name in (DISTRIBUTION, *PLUGINS)}
    present = laid_out(folder)
    home = folder.home
    if present.get(DISTRIBUTION) != wanted[DISTRIBUTION]:
        present = {}
        home = folder.root / "opensearch.new"
        shutil.rmtree(home, ignore_errors=True)
        _unpack(dist / DISTRIBUTION, home)
    for name in PLUGINS:
        if present.get(name) != wanted[name]:
            # An interrupted replacement must not pass for a whole node.
            (home / LISTED).unlink(missing_ok=True)
            _install(dist / name, home, folder, jdk)
    if home != folder.home:
        shutil.rmtree(folder.home, ignore_errors=True)
        home.rename(folder.home)
    write_whole(folder.home / LISTED, json.dumps({"sources": sources, **wanted}))


def configure(folder: NodeFolder, *, http_port: str, heap: str) -> None:
    """Writes the node's settings: alone, on loopback, with the heap stated."""
    for made in (folder.data, folder.logs, folder.home / "tmp"):
        made.mkdir(exist_ok=True)
    settings = {
        "cluster.name": CLUSTER_NAME,
        "node.name": CLUSTER_NAME,
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": http_port,
        "transport.port": "0",
        "node.portsfile": True,
        "path.data": str(folder.data),
        "path.logs": str(folder.logs),
        # The watermarks are shares of the disk. On a developer's disk that is 95 % full, with 50 GB free, they would
        # turn every index read-only, and there is no second node that a shard could move to.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    options = [
        f"-Xms{heap}",
        f"-Xmx{heap}",
        # The distribution logs garbage collection to files of up to 2 GB.
        "-Xlog:disable",
        "-Xlog:all=warning:stderr",
    ]
    if not may_read_limits(Path("/proc/self/cgroup")):
        options.append("-XX:-UseContainerSupport")  # else the node does not start: k-NN asks how much memory there is
    config = folder.home / "config"
    # JSON is YAML, and it quotes whatever a path may hold.
    write_whole(config / "opensearch.yml", "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
    write_whole(config / "jvm.options.d" / "ltr.options", "\n".join(options) + "\n")


def may_read_limits(groups: Path) -> bool:
    """Whether Java in OpenSearch may read the limits of the control group in which this process is, by what the system
    tells in `groups`. It may not in a container that sees its group's whole name, as in Kubernetes."""
    try:
        told = groups.read_text().splitlines()
    except OSError:
        return True  # no Linux
    unified = [line.removeprefix("0::") for line in told if line.startswith("0::")]
    # of the groups of version 1, beside which a unified one says nothing, OpenSearch allows all
    return len(told) != 1 or not unified or unified[0].strip("/").partition("/")[0] in GROUPS


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NodeError(f"Maven finished, but {str(path)!r} is not there") from None


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks the archive's single folder as `target`. zipfile leaves out the modes, so they are set here."""
    try:
        with ZipFile(archive) as packed:
            for info in packed.infolist():
                made = Path(packed.extract(info, target))
                if mode := info.external_attr >> 16 & 0o777:
                    made.chmod(mode)
    except BadZipFile as error:
        raise NodeError(f"{str(archive)!r} is damaged ({error}); remove it and start again") from error
    (inner,) = target.iterdir()
    for entry in inner.iterdir():
        entry.rename(target / entry.name)
    inner.rmdir()


def _install(plugin: Path, home: Path, folder: NodeFolder, jdk: Jdk) -> None:
    with ZipFile(plugin) as packed:
        descriptor = packed.read("plugin-descriptor.properties").decode()
    name = next(line.partition("=")[2].strip() for line in descriptor.splitlines() if line.startswith("name="))
    for left in (home / "plugins").iterdir():
        if left.name == name or left.name.startswith("."):  # an interrupted installation leaves a hidden folder
            shutil.rmtree(left)
    run_logged(
        [os.fspath(home / "bin" / "opensearch-plugin"), "install", "--batch", plugin.as_uri()],
        folder.root / "plugins.log", jdk, f"plugin {name!r} cannot be installed",
    )  # fmt: skip
