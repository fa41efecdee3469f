"""The node's process: it outlives the command that starts it, and is recognized by its command line."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.folder import NodeFolder
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError

INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE")
"""Variables for the node, beside its Java options: it may be another user's and gets no secrets from here."""

PROC = Path("/proc/self/cmdline")

MAX_READS = 5
"""Reads of a command line that is empty, as it is for a moment while a process starts another program."""


def spawn(node: NodeFolder, jdk: Jdk, account: Account) -> int:
    """Starts the node in its own session and returns its process id.

    A shell starts it in the background and exits, so the node is not a child of this process: no zombie, no open pipe.
    """
    prefix = node.distribution.variables
    inherited = (*INHERITED, f"{prefix}_JAVA_OPTS")
    # Its own temporary folder, relative where the launch script splits this value at spaces.
    temporary = os.path.relpath(node.temporary, node.home) if node.distribution.starts_in_home else str(node.temporary)
    environment = {name: os.environ[name] for name in inherited if name in os.environ} | {
        f"{prefix}_JAVA_HOME": str(jdk.home),
        f"{prefix}_TMPDIR": temporary,
        f"{prefix}_PATH_CONF": str(node.config),
    }
    program = str(node.home / "bin" / node.distribution.engine)
    started = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" --quiet "$2" </dev/null >"$1" 2>&1 & echo $!',
         program, str(node.console), _logs_argument(node)],
        cwd=node.home, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True, env=environment,
        **account.identity,
    )  # fmt: skip
    return int(started.stdout)


def is_running(pid: int, node: NodeFolder) -> bool:
    """Whether this process exists and is this node: its id may have been reused, or be forged.

    It is when it belongs to the owner of the node's logs and has the node's mark, or the argument with its folder of
    logs, as an argument of its own, not as a part of one.
    """
    separator, command = _command_line(pid)
    arguments = (node.mark, _logs_argument(node))
    if not any(f"{separator}{argument}{separator}" in f"{separator}{command}" for argument in arguments):
        return False
    try:
        return _owner(pid) == node.logs.stat().st_uid
    except (OSError, ValueError):
        return False


def end(processes: Mapping[int, NodeFolder], *, grace_s: float = 30) -> None:
    """Terminates nodes, and kills those that run after `grace_s`. Leaves a process alone that is not that node."""
    for signal_, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
        for pid in _running(processes):
            try:
                os.kill(pid, signal_)
            except ProcessLookupError:
                pass
            except PermissionError:
                raise NodeError(f"the node (process {pid}) belongs to another user, who can stop it") from None
        until = time.monotonic() + wait_s
        while _running(processes) and time.monotonic() < until:
            time.sleep(0.05)
    if left := _running(processes):
        raise NodeError(f"the node (process {left[0]}) cannot be killed")


def _running(processes: Mapping[int, NodeFolder]) -> list[int]:
    return [pid for pid, node in processes.items() if is_running(pid, node)]


def _logs_argument(node: NodeFolder) -> str:
    return f"-Epath.logs={node.logs}"


def _owner(pid: int) -> int:
    if PROC.exists():
        return Path(f"/proc/{pid}").stat().st_uid
    return int(subprocess.run(["ps", "-o", "uid=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout)


def _command_line(pid: int) -> tuple[str, str]:
    """What ends each argument of a process, and its arguments; these are empty if it does not exist or has ended."""
    if PROC.exists():
        for _ in range(MAX_READS):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                break
            if line:
                return "\0", line.decode(errors="surrogateescape")
            time.sleep(0.02)
        return "\0", ""
    ps = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return " ", f"{ps.stdout.rstrip()} "
