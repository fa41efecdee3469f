"""Starts and stops the node."""

import http.client
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import build, sources_digest
from ltr_plugin.devnode.folder import NodeFolder, open_log, tail, writing
from ltr_plugin.devnode.layout import configure, laid_out, lay_out
from ltr_plugin.devnode.process import end, is_running, spawn
from ltr_plugin.devnode.state import NodeState, get, node_state, write_state
from ltr_plugin.devnode.toolchain import find_jdk
from ltr_plugin.errors import InputError, NodeError
from ltr_plugin.files import write_atomic
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.resources import resource_dir
from ltr_plugin.settings import Settings

STEPS = ("build the engine plugin (the first time Maven downloads 170 MB)", "install the node", "start it")
"""Steps of `start_node`, in the order in which it reports them as done."""

START_TIMEOUT_S = 180
MAX_ADDRESS = 100
FREE_PORT = "9200-9299"
HEAP = "1g"


def start_node(
    settings: Settings,
    *,
    port: int | None = None,
    heap: str = HEAP,
    user: str | None = None,
    progress: Progress = no_progress,
) -> NodeState:
    """Builds what changed, starts the node, and returns its state once it is healthy. A running node stays as it is.

    `port` is the HTTP port on loopback (default: the first free one from 9200), `heap` is Java's form, such as `512m`
    or `2g`. OpenSearch refuses to run as root: if root starts it, the node runs as `user` (default: nobody), who owns
    its data and logs, and nothing that is executed. InputError for a bad argument; NodeError when tools are missing,
    the build fails, the folder cannot be written or belongs to another user, or the node does not become healthy within
    three minutes.
    """
    return _ensure_running(settings, port=port, heap=heap, user=user, progress=progress)[0]


@contextmanager
def temporary_node(settings: Settings, *, progress: Progress = no_progress, keep: bool = False) -> Iterator[NodeState]:
    """The node of the run folder, started if it does not run.

    It is stopped at the end only if this call started it, and not if `keep`.
    """
    state, started = _ensure_running(settings, progress=progress)
    try:
        yield state
    finally:
        if started and not keep:
            stop_node(settings)


def _ensure_running(
    settings: Settings,
    *,
    port: int | None = None,
    heap: str = HEAP,
    user: str | None = None,
    progress: Progress,
) -> tuple[NodeState, bool]:
    """The state of the node, and whether this call started it: another process may do so while this one waits."""
    account = Account.of(user)
    if not re.fullmatch(r"[1-9]\d*[kmgKMG]", heap):
        raise InputError("--heap", f"{heap!r} is not an amount of memory; write it as 512m or 2g")
    if port is not None and not node_state(settings):
        _require_free(port)
    with writing(settings):
        folder = NodeFolder(account.place(settings.runs / "node"))
        with folder.locked():
            if running := node_state(settings):
                return running, False
            _end_unfinished(folder)
            jdk = find_jdk(usable=account.can_enter)
            engine = resource_dir("engine")
            sources = sources_digest(engine)
            if laid_out(folder).get("sources") != sources:
                progress(0, len(STEPS))
                dist = build(engine, folder, jdk)
                progress(1, len(STEPS))
                lay_out(folder, dist, sources, jdk)
            progress(2, len(STEPS))
            configure(folder, account, http_port=str(port or FREE_PORT), heap=heap)
            folder.ports.unlink(missing_ok=True)
            started = datetime.now(UTC)
            pid = spawn(folder, jdk, account)
            try:
                write_atomic(folder.pid, f"{pid}\n")
                url, version = _wait_until_healthy(folder, pid)
                state = NodeState(url, pid, version, started)
                write_state(folder, state)
            except BaseException:
                end(pid, folder, grace_s=5)
                raise
            progress(3, len(STEPS))
            return state, True


def stop_node(settings: Settings) -> bool:
    """Stops the node and returns whether it ran. Its data stays. NodeError when it belongs to another user."""
    folder = NodeFolder.of(settings)
    if not folder.root.is_dir():
        return False
    with writing(settings), folder.locked():
        running = _end_unfinished(folder)
        for file in (folder.state, folder.pid):
            file.unlink(missing_ok=True)
        return running


def _end_unfinished(folder: NodeFolder) -> bool:
    """Stops the process of the pid file, even if its start was killed before it wrote a state."""
    try:
        pid = int(folder.pid.read_text())
    except (FileNotFoundError, ValueError):
        return False
    running = is_running(pid, folder)
    end(pid, folder)
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


def _wait_until_healthy(folder: NodeFolder, pid: int) -> tuple[str, str]:
    """URL and version of the node, once its indices are searchable and the LTR plugin responds."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if not is_running(pid, folder):
            raise NodeError(f"the node ended while starting (log {str(folder.console)!r}):\n{_reason(folder)}")
        try:
            url = f"http://127.0.0.1:{_listening_port(folder)}"
            status, health = get(url, "/_cluster/health?wait_for_status=yellow&timeout=2s")
            if status == 200 and not health["timed_out"]:
                status, response = get(url, "/_ltr")
                if status != 200:
                    raise NodeError(
                        f"the node runs, but its LTR plugin does not respond: GET /_ltr returned {status} {response}"
                    )
                return url, get(url, "/")[1]["version"]["number"]
        except (OSError, http.client.HTTPException, ValueError, LookupError):
            pass  # not yet
        time.sleep(0.1)
    raise NodeError(f"the node is not healthy after {START_TIMEOUT_S} s (log {str(folder.log)!r}):\n{tail(folder.log)}")


def _listening_port(folder: NodeFolder) -> int:
    """The port that the node wrote. Only the port: the node's user must not lead root to another server."""
    with open_log(folder.ports) as ports:
        return int(ports.readline(MAX_ADDRESS).rpartition(b":")[2])


def _reason(folder: NodeFolder) -> str:
    """The last output of the process, without Java's usual warnings and the frames of stack traces."""
    lines = tail(folder.console, 200).splitlines()
    return "\n".join([line for line in lines if not line.startswith(("\tat ", "WARNING: ", "warning: "))][-20:])
