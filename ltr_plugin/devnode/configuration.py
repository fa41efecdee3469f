"""Writes the configuration of a cluster's nodes."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.folder import CLUSTER_NAME, NodeFolder
from ltr_plugin.files import write_atomic

GROUPS = ("", "user.slice", "system.slice", "init.scope")
"""Control groups in which OpenSearch allows Java to read its memory limit (`security.policy`)."""


def configure(node: NodeFolder, nodes: Iterable[NodeFolder], account: Account, *, http_port: str, heap: str) -> None:
    """Writes the settings of one of the `nodes` of a cluster on loopback, with this heap, that runs as the account.

    The account can write the node's data, logs and temporary files, which nobody else can read, and nothing that is
    executed.
    """
    node.root.mkdir(exist_ok=True)
    for private in (node.data, node.logs, node.temporary):
        account.make_private(private)
    shutil.rmtree(node.config, ignore_errors=True)
    shutil.copytree(node.home / "config", node.config)
    # Java would not start: it may write to its own folder of logs only, and not to that of the home.
    java = node.config / "jvm.options"
    java.write_text(java.read_text().replace("logs/", f"{_reports(node)}/"))
    # JSON is YAML that quotes every character of a path.
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in _settings(node, [*nodes], http_port).items()]
    write_atomic(node.config / f"{node.distribution.engine}.yml", "".join(lines))
    write_atomic(node.config / "jvm.options.d" / "ltr.options", "\n".join(_java_options(node, heap)) + "\n")
    write_seeds(node, ())
    account.share(node.home)
    account.share(node.root)


def write_seeds(node: NodeFolder, addresses: Iterable[str]) -> None:
    """Tells the node the transport addresses of its cluster's nodes, also while it runs."""
    # Written in place: the file stays one that the node's user may read.
    node.seeds.write_text("".join(f"{address}\n" for address in addresses))


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


def _settings(node: NodeFolder, nodes: list[NodeFolder], http_port: str) -> dict[str, object]:
    alone = {"discovery.type": "single-node"}
    several = {
        "discovery.seed_providers": "file",
        # A node writes the address that others need of it only after it has waited so long for them.
        "discovery.initial_state_timeout": "0s",
        node.distribution.first_managers: [one.name for one in nodes],
    }
    return {
        "cluster.name": CLUSTER_NAME,
        "node.name": node.name,
        **(alone if len(nodes) == 1 else several),
        "network.host": "127.0.0.1",
        "http.port": http_port,
        "transport.port": "0",
        "node.portsfile": True,
        "ltr.http.loopback_only": True,
        "path.data": str(node.data),
        # Watermarks are percentages of the disk. On a disk that is 95 % full, with 50 GB free, they would make every
        # index read-only, and there is no other disk that a shard could move to.
        "cluster.routing.allocation.disk.threshold_enabled": False,
        **node.distribution.settings,
    }


def _java_options(node: NodeFolder, heap: str) -> list[str]:
    reports = _reports(node)
    options = [
        f"-Xms{heap}",
        f"-Xmx{heap}",
        # The distribution logs garbage collection to files of up to 2 GB.
        "-Xlog:disable",
        "-Xlog:all=warning:stderr",
        # A heap dump is as large as the heap and contains the catalog.
        "-XX:-HeapDumpOnOutOfMemoryError",
        f"-XX:ErrorFile={reports}/hs_err_pid%p.log",
        "-XX:+UnlockDiagnosticVMOptions",
        f"-XX:ReplayDataFile={reports}/replay_pid%p.log",
        node.mark,
    ]
    if node.distribution.guards_control_groups and not may_read_limits(Path("/proc/self/cgroup")):
        options.append("-XX:-UseContainerSupport")  # else the node does not start, because k-NN reads the memory limit
    return options


def _reports(node: NodeFolder) -> str:
    """The folder of logs, relative to where Java starts: launch scripts split options at the spaces of a path."""
    return os.path.relpath(node.logs, node.home if node.distribution.starts_in_home else node.logs)
