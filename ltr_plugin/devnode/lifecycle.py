"""Starts and stops the development cluster."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import build, sources_digest
from ltr_plugin.devnode.distribution import OPENSEARCH, Distribution, distribution_of
from ltr_plugin.devnode.folder import ClusterFolder, NodeFolder, writing
from ltr_plugin.devnode.layout import laid_out, lay_out
from ltr_plugin.devnode.process import end, is_running
from ltr_plugin.devnode.starting import start_nodes
from ltr_plugin.devnode.state import NodeState, last_state, node_state, processes_of, write_state
from ltr_plugin.devnode.toolchain import Jdk, find_jdk
from ltr_plugin.errors import InputError, NodeError, counted
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.resources import resource_dir
from ltr_plugin.settings import Settings

STEPS = ("build the engine plugin (the first time Maven downloads 170 MB)", "install the node", "start it")
"""Steps of `start_node`, in the order in which it reports them as done."""

FREE_PORT, FREE_PORT_OF_SEVERAL = "9200-9249", "9250-9299"
"""Apart: while one node of several is down, no other cluster that starts takes its port."""

HEAP = "1g"
MOST_NODES = 5


def start_node(
    settings: Settings,
    *,
    engine: str | None = None,
    nodes: int | None = None,
    port: int | None = None,
    heap: str = HEAP,
    user: str | None = None,
    progress: Progress = no_progress,
) -> NodeState:
    """Builds what changed, starts the cluster, and returns its state once it is healthy.

    `engine` is `opensearch` or `elasticsearch`, and `nodes` the number of nodes, 1 to 5. Without them, the cluster is
    the one that was started last and not stopped, else one node of OpenSearch. Each engine and number of nodes has data
    of its own. Nodes that run stay as they are, and a node of the cluster that ended is started again.

    `port` is the HTTP port on loopback of the first node (default: the first free one from 9200, of several nodes from
    9250), and the next ones have the ports after it. `heap` is Java's form, such as `512m` or `2g`. The nodes refuse to
    run as root: if root starts them, they run as `user` (default: nobody), who owns their data and logs, and nothing
    that is executed. InputError for a bad argument; NodeError when another cluster runs in the folder, tools are
    missing, the build fails, the folder cannot be written or belongs to another user, or a node does not become healthy
    within four minutes and one for each node.
    """
    return _ensure_running(
        settings, engine=engine, nodes=nodes, port=port, heap=heap, user=user, progress=progress
    )[0]  # fmt: skip


@contextmanager
def temporary_node(
    settings: Settings,
    *,
    engine: str | None = None,
    nodes: int | None = None,
    heap: str = HEAP,
    progress: Progress = no_progress,
    keep: bool = False,
) -> Iterator[NodeState]:
    """The cluster of the run folder, started if it does not run.

    It is stopped at the end only if this call started it, and not if `keep`.
    """
    state, started = _ensure_running(settings, engine=engine, nodes=nodes, heap=heap, progress=progress)
    try:
        yield state
    finally:
        if started and not keep:
            stop_node(settings)


def stop_node(settings: Settings) -> bool:
    """Stops all nodes and returns whether one ran. Data stays. NodeError when one belongs to another user."""
    folder = ClusterFolder.of(settings)
    if not folder.root.is_dir():
        return False
    with writing(settings), folder.locked():
        running = _end_all(folder)
        for file in (folder.state, *folder.root.glob("*/node.pid")):
            file.unlink(missing_ok=True)
        return running


def kill_node(settings: Settings, number: int = 1) -> None:
    """Kills one node of the running cluster, counted from 1, as a crash would; `start_node` starts it again.

    NodeError when it does not run.
    """
    folder, state = ClusterFolder.of(settings), node_state(settings)
    if state is None or not state.nodes[number - 1].running:
        raise NodeError(f"node {number} does not run")
    pid, node = state.nodes[number - 1].pid, folder.nodes(state.distribution, len(state.nodes))[number - 1]
    os.kill(pid, signal.SIGKILL)
    while is_running(pid, node):
        time.sleep(0.02)


def _ensure_running(
    settings: Settings,
    *,
    engine: str | None = None,
    nodes: int | None = None,
    port: int | None = None,
    heap: str = HEAP,
    user: str | None = None,
    progress: Progress,
) -> tuple[NodeState, bool]:
    """The state of the cluster, and whether this call started it: another process may do so while this one waits."""
    account = Account.of(user)
    wanted = distribution_of(engine) if engine else None
    if not re.fullmatch(r"[1-9]\d*[kmgKMG]", heap):
        raise InputError("--heap", f"{heap!r} is not an amount of memory; write it as 512m or 2g")
    if nodes is not None and not 1 <= nodes <= MOST_NODES:
        raise InputError("--nodes", f"{nodes} is not a number of nodes from 1 to {MOST_NODES}")
    _check_running(settings, wanted, nodes, port)
    with writing(settings):
        if port is not None and not node_state(settings):
            for one in range(port, port + (nodes or 1)):
                _require_free(one)
        folder = ClusterFolder(account.place(settings.runs / "node"))
        with folder.locked():
            running = _check_running(settings, wanted, nodes, port)
            if running and all(node.running for node in running.nodes):
                return running, False
            if not running:
                _end_all(folder)
            last = running or last_state(folder)
            distribution = wanted or (last.distribution if last else OPENSEARCH)
            last = last if last and last.distribution == distribution else None
            members = folder.nodes(distribution, nodes or (len(last.nodes) if last else 1))
            jdk = find_jdk(usable=account.can_enter)
            if not running:  # the nodes that run have what is installed
                install(folder, distribution, jdk, progress)
            progress(2, len(STEPS))
            if running:
                state = _restart_ended(running, members, account, jdk)
            else:
                state = _start_all(members, port, heap, account, jdk)
            write_state(folder, state)
            progress(3, len(STEPS))
            return state, running is None


def install(folder: ClusterFolder, distribution: Distribution, jdk: Jdk, progress: Progress = no_progress) -> None:
    """Builds and installs what the cluster's nodes run, if the sources changed."""
    engine = resource_dir("engine")
    sources = sources_digest(engine, distribution)
    if laid_out(folder.home(distribution)).get("sources") != sources:
        progress(0, len(STEPS))
        dist = build(engine, folder, distribution, jdk)
        progress(1, len(STEPS))
        lay_out(folder, distribution, dist, sources, jdk)


def _start_all(members: Sequence[NodeFolder], port: int | None, heap: str, account: Account, jdk: Jdk) -> NodeState:
    started = datetime.now(UTC)
    free = FREE_PORT if len(members) == 1 else FREE_PORT_OF_SEVERAL
    ports = {node.number: str(port + node.number - 1) if port else free for node in members}
    version, processes = start_nodes(members, ports, heap=heap, account=account, jdk=jdk)
    nodes = tuple(processes[node.number] for node in members)
    return NodeState(members[0].distribution.engine, version, started, heap, nodes)


def _restart_ended(running: NodeState, members: Sequence[NodeFolder], account: Account, jdk: Jdk) -> NodeState:
    """Starts the nodes that ended with the addresses and the heap that they had: clients know the addresses."""
    ended = {node.number: was.url for node, was in zip(members, running.nodes, strict=True) if not was.running}
    ports = {number: url.rpartition(":")[2] for number, url in ended.items()}
    processes = start_nodes(members, ports, heap=running.heap, account=account, jdk=jdk)[1]
    nodes = (processes.get(node.number, was) for node, was in zip(members, running.nodes, strict=True))
    return replace(running, nodes=tuple(nodes))


def _check_running(
    settings: Settings, wanted: Distribution | None, nodes: int | None, port: int | None
) -> NodeState | None:
    """The running cluster; NodeError when it is not the one that is wanted."""
    running = node_state(settings)
    if running is None:
        return None
    count = len(running.nodes)
    if (wanted or running.distribution) != running.distribution or (nodes or count) != count:
        runs = f"{running.distribution.title} of {counted(count, 'node')}"
        asked = f"{(wanted or running.distribution).title} of {counted(nodes or count, 'node')}"
        raise NodeError(
            f"{runs} runs in this run folder, at {running.url}, and not {asked}; stop it with `ltr node stop`, or set "
            "LTR_RUNS to another folder"
        )
    if port and not (first := running.nodes[0].url).endswith(f":{port}"):
        raise NodeError(f"the node runs at {first}; stop it with `ltr node stop` to start it at port {port}")
    return running


def _end_all(folder: ClusterFolder) -> bool:
    """Stops the processes of the pid files, and returns whether one ran."""
    processes = processes_of(folder)
    running = any(is_running(pid, node) for pid, node in processes.items())
    end(processes)
    return running


def _require_free(port: int) -> None:
    if not 0 < port < 65536:
        raise InputError("--port", f"{port} is not a port; use 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NodeError(
                f"port {port} cannot be used ({error.strerror}); choose another, or omit --port to get a free one"
            ) from error
