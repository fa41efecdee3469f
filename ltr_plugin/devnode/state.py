"""The state of a running cluster, from its state file and from its nodes."""

import http.client
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ltr_plugin.devnode.distribution import DISTRIBUTIONS, Distribution
from ltr_plugin.devnode.folder import ClusterFolder, NodeFolder
from ltr_plugin.devnode.process import is_running
from ltr_plugin.engines import EngineName
from ltr_plugin.files import write_atomic
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class NodeProcess:
    """One node: its URL, its process id, and whether that process ran when the state was read."""

    url: str
    pid: int
    running: bool = True


@dataclass(frozen=True)
class NodeState:
    """A running cluster: engine and its version, start time (with time zone), heap, and its nodes in order."""

    engine: EngineName
    version: str
    started: datetime
    heap: str
    nodes: tuple[NodeProcess, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all nodes; one that ended gets its own again when it is started again."""
        return tuple(node.url for node in self.nodes)

    @property
    def url(self) -> str:
        """The address of the first node that runs."""
        return self._first.url

    @property
    def pid(self) -> int:
        """The process id of the first node that runs."""
        return self._first.pid

    @property
    def distribution(self) -> Distribution:
        """What its nodes run."""
        return DISTRIBUTIONS[self.engine]

    @property
    def _first(self) -> NodeProcess:
        return next((node for node in self.nodes if node.running), self.nodes[0])


@dataclass(frozen=True)
class Health:
    """`status` is green, yellow, red, or `no answer`; `plugins` are names with versions."""

    status: str
    plugins: tuple[str, ...]


def node_state(settings: Settings) -> NodeState | None:
    """The development cluster of this run folder; None if no node of it runs. The nodes themselves are not called.

    A state that neither root nor the current user wrote counts as none: it could lead them to another server.
    """
    folder = ClusterFolder.of(settings)
    state = last_state(folder)
    if state is None:
        return None
    folders = folder.nodes(state.distribution, len(state.nodes))
    running = [is_running(node.pid, of) for node, of in zip(state.nodes, folders, strict=True)]
    nodes = (replace(node, running=runs) for node, runs in zip(state.nodes, running, strict=True))
    return replace(state, nodes=tuple(nodes)) if any(running) else None


def last_state(folder: ClusterFolder) -> NodeState | None:
    """What the state file says, whether it runs or not; None if nothing was started since the last stop."""
    try:
        if folder.root.stat().st_uid not in (0, os.geteuid()):
            return None
        facts = json.loads(folder.state.read_text(encoding="utf-8"))
        nodes = tuple(NodeProcess(**node) for node in facts.pop("nodes"))
        state = NodeState(**facts | {"started": datetime.fromisoformat(facts["started"])}, nodes=nodes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return state if nodes and state.engine in DISTRIBUTIONS else None


def write_state(folder: ClusterFolder, state: NodeState) -> None:
    """Writes the state that `node_state` reads."""
    write_atomic(folder.state, json.dumps(asdict(state) | {"started": state.started.isoformat()}))


def processes_of(folder: ClusterFolder) -> dict[int, NodeFolder]:
    """The process ids in the folder's pid files: also of a start that was killed before it wrote a state."""
    found = {}
    for distribution in DISTRIBUTIONS.values():
        for file in folder.root.glob(f"{distribution.engine}-*of*/node.pid"):
            number, _, count = file.parent.name.rpartition("-")[2].partition("of")
            try:
                found[int(file.read_text())] = folder.nodes(distribution, int(count))[int(number) - 1]
            except (OSError, ValueError, IndexError):
                continue
    return found


def node_health(state: NodeState) -> Health:
    """Health and plugins of the cluster, from a node that answers; `no answer` after five seconds for each."""
    for url in (node.url for node in state.nodes if node.running):
        try:
            status = get(url, "/_cluster/health")[1]["status"]
            plugins = get(url, "/_cat/plugins?format=json")[1]
            return Health(status, tuple(sorted({f"{plugin['component']} {plugin['version']}" for plugin in plugins})))
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
            continue
    return Health("no answer", ())


def get(url: str, path: str, timeout_s: float = 5) -> tuple[int, Any]:
    """Status and decoded JSON of one GET. http.client ignores proxies, and the node is on loopback."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
