"""Starts nodes, makes them known to each other, and waits until their cluster is healthy."""

import http.client
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.configuration import configure, write_seeds
from ltr_plugin.devnode.folder import NodeFolder, open_log, tail
from ltr_plugin.devnode.process import end, is_running, spawn
from ltr_plugin.devnode.state import NodeProcess, get
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError
from ltr_plugin.files import write_atomic

START_TIMEOUT_S, TIMEOUT_OF_NODE_S = 240, 60
"""A cluster may take the first time to start, and the second for each of its nodes: they share the cores."""

MAX_ADDRESS = 100


def start_nodes(
    nodes: Sequence[NodeFolder], http_ports: Mapping[int, str], *, heap: str, account: Account, jdk: Jdk
) -> tuple[str, dict[int, NodeProcess]]:
    """Starts those of a cluster's `nodes` whose numbers have a port, or a range of ports.

    Returns the version and the processes by the nodes' numbers, once the cluster is healthy for each of them. NodeError
    when one ends or is not healthy in time; then all that were started end.
    """
    starting: dict[int, NodeFolder] = {}
    try:
        for node in nodes:
            if node.number in http_ports:
                configure(node, nodes, account, http_port=http_ports[node.number], heap=heap)
                for written in (node.ports, node.transport_ports):
                    written.unlink(missing_ok=True)
                pid = spawn(node, jdk, account)
                starting[pid] = node
                write_atomic(node.pid, f"{pid}\n")
        return _wait_until_healthy(nodes, starting)
    except BaseException:
        end(starting, grace_s=5)
        raise


def _wait_until_healthy(
    nodes: Sequence[NodeFolder], starting: Mapping[int, NodeFolder]
) -> tuple[str, dict[int, NodeProcess]]:
    timeout_s = START_TIMEOUT_S + TIMEOUT_OF_NODE_S * len(nodes)
    until = time.monotonic() + timeout_s
    seeds: list[str] = []
    version, healthy = "", dict[int, NodeProcess]()
    while time.monotonic() < until:
        for pid, node in starting.items():
            if not is_running(pid, node):
                raise NodeError(f"the node ended while starting (log {str(node.console)!r}):\n{_reason(node)}")
        seeds = _introduce(nodes, seeds)
        for node in starting.values():
            if node.number not in healthy and (url := _healthy_url(node, len(nodes))):
                version, pid = _identify(node, url)
                healthy[node.number] = NodeProcess(url, pid)
                write_atomic(node.pid, f"{pid}\n")
        if len(healthy) == len(starting):
            return version, healthy
        time.sleep(0.1)
    log = next(node.log for node in starting.values() if node.number not in healthy)
    raise NodeError(f"the node is not healthy after {timeout_s} s (log {str(log)!r}):\n{tail(log)}")


def _introduce(nodes: Sequence[NodeFolder], known: list[str]) -> list[str]:
    """Tells the nodes of a cluster the addresses of all that have one by now, and returns these."""
    ports = [port for node in nodes if (port := _written_port(node.transport_ports))]
    seeds = [f"127.0.0.1:{port}" for port in ports]
    if len(nodes) > 1 and seeds != known:
        for node in nodes:
            write_seeds(node, seeds)
    return seeds


def _healthy_url(node: NodeFolder, count: int) -> str | None:
    """The node's URL, once all nodes are there, its indices are searchable and the LTR plugin responds."""
    url = f"http://127.0.0.1:{_written_port(node.ports)}"
    try:
        wanted = f"wait_for_status=yellow&wait_for_nodes=ge({count})&timeout=1s"
        status, health = get(url, f"/_cluster/health?{wanted}")
        if status != 200 or health["timed_out"]:
            return None
        status, response = get(url, "/_ltr")
    except (OSError, http.client.HTTPException, ValueError, LookupError):
        return None  # not yet
    if status != 200:
        raise NodeError(f"the node runs, but its LTR plugin does not respond: GET /_ltr returned {status} {response}")
    return url


def _identify(node: NodeFolder, url: str) -> tuple[str, int]:
    """Version and process of the node, as it states them: Elasticsearch's launch script runs it in another process."""
    (facts,) = get(url, "/_nodes/_local/process")[1]["nodes"].values()
    pid = int(facts["process"]["id"])
    if not is_running(pid, node):
        raise NodeError(f"{url} is not the node that was started (log {str(node.log)!r})")
    return str(facts["version"]), pid


def _written_port(file: Path) -> int | None:
    """The port that the node wrote. Only the port: the node's user must not lead root to another server."""
    try:
        with open_log(file) as ports:
            return int(ports.readline(MAX_ADDRESS).rpartition(b":")[2])
    except (OSError, ValueError):
        return None


def _reason(node: NodeFolder) -> str:
    """The last output of the process, without Java's usual warnings and the frames of stack traces."""
    lines = tail(node.console, 200).splitlines()
    return "\n".join([line for line in lines if not line.startswith(("\tat ", "WARNING: ", "warning: "))][-20:])
