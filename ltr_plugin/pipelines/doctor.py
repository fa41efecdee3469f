"""Checks of what the commands need: Python, Java, the cluster, the broker, extras, disk and memory."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.scoring import engine_version
from ltr_plugin.devnode import node_state
from ltr_plugin.devnode.toolchain import find_jdk, find_maven
from ltr_plugin.errors import BrokerError, ClusterError, InputError, NodeError, PluginMissingError
from ltr_plugin.extras import EXTRA_OF
from ltr_plugin.pipelines.indexing.enqueue import broker_name, count_workers
from ltr_plugin.settings import Settings

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
MIN_DISK_GB, MIN_MEMORY_GB = 3, 3
"""Enough for the development node with its build, and for a worker beside it."""

CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked for: whether it is there, what was found, and what to run when it is not.

    Without a thing that is not `needed`, only some commands do not work.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True


def run_checks(settings: Settings) -> list[Check]:
    """All checks, in the order in which a new user needs the things."""
    build_needed = settings.cluster_url is None
    return [
        check_python(),
        _check_tool("Java", _describe_jdk, needed=build_needed),
        _check_tool("Maven", lambda: str(find_maven()), needed=build_needed),
        *check_cluster(settings),
        *check_broker(settings),
        *map(check_extra, sorted(set(EXTRA_OF.values()))),
        check_disk(settings.runs),
        check_memory(),
    ]


def check_python() -> Check:
    """Whether this Python is one that the package is tested with."""
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
    ok = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    return Check("Python", ok, platform.python_version(), f"use Python {oldest} to {newest}")


def check_cluster(settings: Settings) -> list[Check]:
    """Whether a cluster answers, and whether it has the plugins."""
    if settings.cluster_url is None and node_state(settings) is None:
        return [Check("cluster", False, "no development node is running", "`ltr node start`, or set OPENSEARCH_URL")]
    try:
        cluster = connect(settings=settings, timeout_s=CONNECT_TIMEOUT_S)
        version = engine_version(cluster)
        plugins = _plugins(cluster)
    except PluginMissingError as error:
        return [Check("cluster", True, "answers"), Check("LTR plugin", False, "not installed", str(error))]
    except ClusterError as error:
        refused = error.status in (401, 403)
        remedy = (
            "correct the credentials, or their rights" if refused else "start the cluster, or correct OPENSEARCH_URL"
        )
        return [Check("cluster", False, str(error), settings.in_variables(remedy))]
    own = sorted(f"{name} {number}" for name, number in (plugins or {}).items() if "ltr" in name)
    checks = [
        Check("cluster", True, f"{cluster.engine.title} {version} at {cluster.url}"),
        Check("LTR plugin", True, ", ".join(own) or "answers"),
    ]
    if plugins is not None and (name := cluster.engine.vector_plugin):
        number = plugins.get(name)
        found = f"{name} {number}" if number else "not installed"
        remedy = f"install {name} on every node; vectors need it"
        checks.append(Check("k-NN plugin", number is not None, found, remedy, needed=False))
    return checks


def _plugins(cluster: Cluster) -> dict[str, str] | None:
    """The plugins of the cluster with their versions; None where the user may not ask for them."""
    try:
        return {row["component"]: row["version"] for row in cluster.call("GET", "/_cat/plugins", format="json")}
    except ClusterError as error:
        if error.status != 403:
            raise
        return None


def check_broker(settings: Settings) -> list[Check]:
    """Whether the broker answers, and whether workers take tasks from it."""
    if not settings.broker_url:
        return [Check("broker", True, "none: a folder is the queue, and each command runs a worker of its own")]
    try:
        workers = count_workers(settings)
    except (BrokerError, InputError) as error:
        return [Check("broker", False, str(error), "start the broker, or correct LTR_BROKER_URL")]
    broker = broker_name(settings)
    found = f"{workers} on {broker}" if workers else f"no worker answers on {broker}"
    return [Check("broker", True, broker), Check("workers", workers > 0, found, "`ltr worker`")]


def check_extra(extra: str) -> Check:
    """Whether all modules of an extra are installed."""
    needed = {module for module, of in EXTRA_OF.items() if of == extra} | ({"torch"} if extra == "rankers" else set())
    missing = sorted(module for module in needed if not _is_installed(module))
    found = f"without {', '.join(missing)}" if missing else "installed"
    return Check(f"extra {extra}", not missing, found, install_command(extra), needed=False)


def check_disk(runs: Path) -> Check:
    """Whether the disk of the run folder has room for the development node."""
    folder = next(path for path in (runs.resolve(), *runs.resolve().parents) if path.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    remedy = f"free {MIN_DISK_GB} GB, or set LTR_RUNS to a folder on another disk"
    return Check("disk", free_gb >= MIN_DISK_GB, f"{free_gb:,.1f} GB free at {folder}", remedy)


def check_memory() -> Check:
    """Whether the memory that is free suffices for the development node and a worker."""
    available_gb = _available_memory() / 1e9
    remedy = f"free {MIN_MEMORY_GB} GB, or give the node less with `ltr node start --heap 512m`"
    return Check("memory", available_gb >= MIN_MEMORY_GB, f"{available_gb:,.1f} GB available", remedy, needed=False)


def install_command(extra: str) -> str:
    """The command that installs an extra of this package."""
    return f"pip install 'ltr-plugin[{extra}]'"


def _describe_jdk() -> str:
    jdk = find_jdk()
    return f"Java {jdk.version}, {jdk.home}"


def _is_installed(module: str) -> bool:
    return sys.modules.get(module) is not None or find_spec(module) is not None  # kombu has no spec once imported


def _check_tool(name: str, find: Callable[[], str], *, needed: bool) -> Check:
    try:
        return Check(name, True, find(), needed=needed)
    except NodeError as error:
        return Check(name, False, "not found", str(error).splitlines()[-1], needed=needed)


def _available_memory() -> int:
    """Bytes: those that Linux calls available, elsewhere all of the machine's."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
