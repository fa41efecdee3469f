"""Installs a node from Maven's zip files: OpenSearch, its plugins, its configuration."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.folder import CLUSTER_NAME, NodeFolder
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError
from ltr_plugin.files import write_atomic

MANIFEST = "laid-out.json"
DISTRIBUTION = "opensearch.zip"
PLUGINS = ("opensearch-knn.zip", "ltr-engine.zip")
GROUPS = ("", "user.slice", "system.slice", "init.scope")
"""Control groups in which OpenSearch allows Java to read its memory limit (`security.policy`)."""


def laid_out(folder: NodeFolder) -> dict[str, str]:
    """What the node was installed from: `sources` and the digest of each zip.

    Empty if there is no complete node of the current user, who runs its plugin installer.
    """
    try:
        if folder.home.stat().st_uid != os.geteuid():
            return {}
        manifest: dict[str, str] = json.loads((folder.home / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest


def lay_out(folder: NodeFolder, dist: Path, sources: str, jdk: Jdk) -> None:
    """Installs a node from the zip files in `dist`, or replaces the installed plugins that changed. Data stays."""
    wanted = {name: _digest(dist / name) for name in (DISTRIBUTION, *PLUGINS)}
    present = laid_out(folder)
    home = folder.home
    if present.get(DISTRIBUTION) != wanted[DISTRIBUTION]:
        present = {}
        home = folder.root / "opensearch.new"
        shutil.rmtree(home, ignore_errors=True)
        _unpack(dist / DISTRIBUTION, home)
        # Java and OpenSearch write crash reports to this folder, which the node's user cannot write.
        shutil.rmtree(home / "logs", ignore_errors=True)
        (home / "logs").symlink_to(Path("..") / folder.logs.name)
    for name in PLUGINS:
        if present.get(name) != wanted[name]:
            # After an interruption here, the node must not look complete.
            (home / MANIFEST).unlink(missing_ok=True)
            _install(dist / name, home, folder, jdk)
    if not (home / "config" / "opensearch.keystore").exists():
        # Otherwise the node creates it, and its user may not write here.
        _run_tool(home, "opensearch-keystore", "create", folder=folder, jdk=jdk, failure="no keystore can be created")
    if home != folder.home:
        shutil.rmtree(folder.home, ignore_errors=True)
        home.rename(folder.home)
    write_atomic(folder.home / MANIFEST, json.dumps({"sources": sources, **wanted}))


def configure(folder: NodeFolder, account: Account, *, http_port: str, heap: str) -> None:
    """Writes the settings of a single node on loopback, with this heap, that runs as the account.

    The account can write its data, logs and temporary files, which nobody else can read, and nothing that is executed.
    """
    for private in (folder.data, folder.logs, folder.temporary):
        account.make_private(private)
    settings = {
        "cluster.name": CLUSTER_NAME,
        "node.name": CLUSTER_NAME,
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": http_port,
        "transport.port": "0",
        "node.portsfile": True,
        "ltr.http.loopback_only": True,
        # Maven's k-NN plugin has no native library, and the node would end at the first graph of Faiss.
        "ltr.knn.exact": True,
        "path.data": str(folder.data),
        "path.logs": str(folder.logs),
        # Watermarks are percentages of the disk. On a disk that is 95 % full, with 50 GB free, they would make every
        # index read-only, and there is no second node that a shard could move to.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    options = [
        f"-Xms{heap}",
        f"-Xmx{heap}",
        # The distribution logs garbage collection to files of up to 2 GB.
        "-Xlog:disable",
        "-Xlog:all=warning:stderr",
        # A heap dump is as large as the heap and contains the catalog.
        "-XX:-HeapDumpOnOutOfMemoryError",
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:ReplayDataFile=logs/replay_pid%p.log",
    ]
    if not may_read_limits(Path("/proc/self/cgroup")):
        options.append("-XX:-UseContainerSupport")  # else the node does not start, because k-NN reads the memory limit
    config = folder.home / "config"
    # JSON is YAML that quotes every character of a path.
    write_atomic(config / "opensearch.yml", "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
    write_atomic(config / "jvm.options.d" / "ltr.options", "\n".join(options) + "\n")
    account.share(folder.home)


def may_read_limits(groups: Path) -> bool:
    """Whether Java in OpenSearch may read the limits of this process's control group, which the file `groups` names.

    It may not in a container that sees the whole name of its group, as in Kubernetes.
    """
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return True  # not Linux
    unified = [line.removeprefix("0::") for line in lines if line.startswith("0::")]
    # OpenSearch allows all control groups of version 1; then the file has further lines
    return len(lines) != 1 or not unified or unified[0].strip("/").partition("/")[0] in GROUPS


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NodeError(f"Maven succeeded, but did not write {str(path)!r}") from None


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks the archive's single folder as `target`, with file modes, which zipfile ignores."""
    try:
        with ZipFile(archive) as packed:
            for info in packed.infolist():
                path = Path(packed.extract(info, target))
                if mode := info.external_attr >> 16 & 0o777:
                    path.chmod(mode)
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
    for installed in (home / "plugins").iterdir():
        if installed.name == name or installed.name.startswith("."):  # hidden: of an interrupted installation
            shutil.rmtree(installed)
    _run_tool(
        home, "opensearch-plugin", "install", "--batch", plugin.as_uri(),
        folder=folder, jdk=jdk, failure=f"plugin {name!r} cannot be installed",
    )  # fmt: skip


def _run_tool(home: Path, tool: str, *arguments: str, folder: NodeFolder, jdk: Jdk, failure: str) -> None:
    run_logged([os.fspath(home / "bin" / tool), *arguments], folder.root / "tools.log", jdk, failure)
