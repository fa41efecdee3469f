"""The node's process: started so that it outlives us, recognised by its command line, ended."""

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
"""The node runs as another user where we are root, so it gets no secrets from our environment."""

LOOKS = 5
"""How often an empty command line is read again before it is believed."""


def spawn(folder: NodeFolder, jdk: Jdk, account: Account) -> int:
    """Starts the node in a session of its own and gives back its process id.

    A shell starts it in the background and ends, so the node is nobody's child here: no zombie, no open pipe.
    """
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    started = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" --quiet </dev/null >"$1" 2>&1 & echo $!', _program(folder), str(folder.console)],
        cwd=folder.home, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True, **account.identity,
        # A temporary folder of its own, relative because the launch script splits this value at spaces.
        env=environment | {"OPENSEARCH_JAVA_HOME": str(jdk.home), "OPENSEARCH_TMPDIR": "tmp"},
    )  # fmt: skip
    return int(started.stdout)


def is_running(pid: int, folder: NodeFolder) -> bool:
    """Whether this process exists and is this node: a process id may have been reused since."""
    command = _command_line(pid)
    return f"-Dopensearch.path.home={folder.home} " in command or _program(folder) in command


def end(pid: int, folder: NodeFolder, *, grace_s: float = 30) -> None:
    """Asks the node to end, then makes it. Does nothing when the process is not this node."""
    for sign, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
        if not is_running(pid, folder):
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        except PermissionError:
            raise NodeError(f"the node (process {pid}) belongs to another user, who can stop it") from None
        until = time.monotonic() + wait_s
        while is_running(pid, folder) and time.monotonic() < until:
            time.sleep(0.05)
    if is_running(pid, folder):
        raise NodeError(f"the node (process {pid}) does not end")


def _program(folder: NodeFolder) -> str:
    return str(folder.home / "bin" / "opensearch")


def _command_line(pid: int) -> str:
    """The process's arguments, joined by spaces; empty when there is no such process or it has ended."""
    if Path("/proc/self/cmdline").exists():
        # Empty for good when the process has ended, and for a moment while it becomes another program.
        for _ in range(LOOKS):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                return ""
            if line:
                return line.replace(b"\0", b" ").decode(errors="replace")
            time.sleep(0.02)
        return ""
    asked = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout
