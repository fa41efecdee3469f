"""What is known of a running node, from its state file and from itself."""

import http.client
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ltr_plugin.devnode.folder import NodeFolder, write_whole
from ltr_plugin.devnode.process import is_running
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class NodeState:
    """A running node: address, process id, OpenSearch's version, and when it was started (with time zone)."""

    url: str
    pid: int
    version: str
    started: datetime


@dataclass(frozen=True)
class Health:
    """`status` is green, yellow, red, or `no answer`; `plugins` are the names with their versions."""

    status: str
    plugins: tuple[str, ...]


def node_state(settings: Settings) -> NodeState | None:
    """The development node of this run folder, None when it is not running. Asks the system, not the node."""
    folder = NodeFolder.of(settings)
    try:
        kept = json.loads(folder.state.read_text(encoding="utf-8"))
        state = NodeState(**kept | {"started": datetime.fromisoformat(kept["started"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return state if is_running(state.pid, folder) else None


def write_state(folder: NodeFolder, state: NodeState) -> None:
    """Makes the node known to node_state."""
    write_whole(folder.state, json.dumps(asdict(state) | {"started": state.started.isoformat()}))


def node_health(state: NodeState) -> Health:
    """What the node says of itself within five seconds."""
    try:
        status = get(state.url, "/_cluster/health")[1]["status"]
        plugins = get(state.url, "/_cat/plugins?format=json")[1]
        return Health(status, tuple(sorted(f"{plugin['component']} {plugin['version']}" for plugin in plugins)))
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return Health("no answer", ())


def get(url: str, path: str, timeout_s: float = 5) -> tuple[int, Any]:
    """Status and decoded JSON of one GET. http.client, because a proxy in the environment has no part in loopback."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
