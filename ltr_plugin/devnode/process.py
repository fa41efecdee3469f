"""The node's process: it outlives the command that starts it, and is recognized by its command line."""

import os
import signal
import subprocess
import time
from pathlib import Path

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.folder import NodeFolder
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError

INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "OPENSEARCH_JAVA_OPTS")
"""Variables for the node, which may run as another user and must not get secrets from this environment."""

PROC = Path("/proc/self/cmdline")

MAX_READS = 5
"""Reads of a command line that is empty, as it is for a moment while a process starts another program."""


def spawn(folder: NodeFolder, jdk: Jdk, account: Account) -> int:
    """Starts the node in its own session and returns its process id.

    A shell starts it in the background and exits, so the node is not a child of this process: no zombie, no open pipe.
    """
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    started = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" --quiet </dev/null >"$1" 2>&1 & echo $!', _program(folder), str(folder.console)],
        cwd=folder.home, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True, **account.identity,
        # Its own temporary folder, relative because the launch script splits this value at spaces.
        env=environment | {"OPENSEARCH_JAVA_HOME": str(jdk.home), "OPENSEARCH_TMPDIR": "tmp"},
    )  # fmt: skip
    return int(started.stdout)


def is_running(pid: int, folder: NodeFolder) -> bool:
    """Whether this process exists and is this node: its id may have been reused, or be forged.

    It is when it belongs to the owner of the node's logs and has the node's home as an argument of its own, not as a
    part of one.
    """
    separator, command = _command_line(pid)
    arguments = (f"-Dopensearch.path.home={folder.home}", _program(folder))
    if not any(f"{separator}{argument}{separator}" in f"{separator}{command}" for argument in arguments):
        return False
    try:
        return _owner(pid) == folder.logs.stat().st_uid
    except (OSError, ValueError):
        return False


def end(pid: int, folder: NodeFolder, *, grace_s: float = 30) -> None:
    """Terminates the node, and kills it after `grace_s`. Does nothing if the process is not this node."""
    for signal_, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
        if not is_running(pid, folder):
            return
        try:
            os.kill(pid, signal_)
        except ProcessLookupError:
            return
        except PermissionError:
            raise NodeError(f"the node (process {pid}) belongs to another user, who can stop it") from None
        until = time.monotonic() + wait_s
        while is_running(pid, folder) and time.monotonic() < until:
            time.sleep(0.05)
    if is_running(pid, folder):
        raise NodeError(f"the node (process {pid}) cannot be killed")


def _program(folder: NodeFolder) -> str:
    return str(folder.home / "bin" / "opensearch")


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
