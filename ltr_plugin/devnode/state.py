"""The state of a running node, from its state file and from the node itself."""

import http.client
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ltr_plugin.devnode.folder import NodeFolder
from ltr_plugin.devnode.process import is_running
from ltr_plugin.files import write_atomic
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class NodeState:
    """A running node: URL, process id, version of OpenSearch, and start time (with time zone)."""

    url: str
    pid: int
    version: str
    started: datetime


@dataclass(frozen=True)
class Health:
    """`status` is green, yellow, red, or `no answer`; `plugins` are names with versions."""

    status: str
    plugins: tuple[str, ...]


def node_state(settings: Settings) -> NodeState | None:
    """The development node of this run folder; None if it is not running. The node itself is not called.

    A state that neither root nor the current user wrote counts as none: it could lead them to another server.
    """
    folder = NodeFolder.of(settings)
    try:
        if folder.root.stat().st_uid not in (0, os.geteuid()):
            return None
        facts = json.loads(folder.state.read_text(encoding="utf-8"))
        state = NodeState(**facts | {"started": datetime.fromisoformat(facts["started"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return state if is_running(state.pid, folder) else None


def write_state(folder: NodeFolder, state: NodeState) -> None:
    """Writes the state that `node_state` reads."""
    write_atomic(folder.state, json.dumps(asdict(state) | {"started": state.started.isoformat()}))


def node_health(state: NodeState) -> Health:
    """Health and plugins of the node; `no answer` after five seconds."""
    try:
        status = get(state.url, "/_cluster/health")[1]["status"]
        plugins = get(state.url, "/_cat/plugins?format=json")[1]
        return Health(status, tuple(sorted(f"{plugin['component']} {plugin['version']}" for plugin in plugins)))
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
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
