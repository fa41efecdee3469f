"""Paths of the node's files."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ltr_plugin.devnode.account import require_owner
from ltr_plugin.errors import NodeError
from ltr_plugin.settings import Settings

CLUSTER_NAME = "ltr-dev"


@dataclass(frozen=True)
class NodeFolder:
    """The folder `node` of a run folder, absolute and without links, because it identifies the node's process."""

    root: Path

    @classmethod
    def of(cls, settings: Settings) -> "NodeFolder":
        """The node's folder for these settings; it need not exist."""
        return cls((settings.runs / "node").resolve())

    @property
    def home(self) -> Path:
        """OpenSearch itself, with its plugins and configuration."""
        return self.root / "opensearch"

    @property
    def build(self) -> Path:
        """What Maven writes."""
        return self.root / "build"

    @property
    def build_log(self) -> Path:
        """What Maven and the plugin installer printed."""
        return self.root / "build.log"

    @property
    def data(self) -> Path:
        """The indices. They survive restarts and new versions of the node."""
        return self.root / "data"

    @property
    def temporary(self) -> Path:
        """The node's temporary files."""
        return self.home / "tmp"

    @property
    def logs(self) -> Path:
        """The node's log files."""
        return self.root / "logs"

    @property
    def log(self) -> Path:
        """The node's own log, rotated by it."""
        return self.logs / f"{CLUSTER_NAME}.log"

    @property
    def console(self) -> Path:
        """Output of the process until its log began; it says why a start failed."""
        return self.logs / "console.log"

    @property
    def ports(self) -> Path:
        """Addresses that the node listens on, one `address:port` a line; written by the node."""
        return self.logs / "http.ports"

    @property
    def pid(self) -> Path:
        """The process id, written as soon as the process exists."""
        return self.root / "node.pid"

    @property
    def state(self) -> Path:
        """The running node's state, written once the node is healthy."""
        return self.root / "node.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes every other start and stop of this node wait. NodeError when the folder belongs to another user."""
        from filelock import FileLock

        require_owner(self.root)
        with FileLock(self.root / "lock"):
            yield


@contextmanager
def open_log(path: Path) -> Iterator[BinaryIO]:
    """Opens a log of the node's user; OSError for links and pipes, which that user could have put there for root."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as log:
        if not stat.S_ISREG(os.fstat(log.fileno()).st_mode):
            raise OSError(f"{str(path)!r} is not a file")
        yield log


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, empty if there is none. Reads at most 1 MiB."""
    with suppress(OSError), open_log(path) as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - (1 << 20)))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    return ""


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """Turns a failed write (read-only folder, full disk) into a NodeError that says where."""
    try:
        yield
    except OSError as error:
        path = error.filename or settings.runs.resolve()
        raise NodeError(
            f"{str(path)!r}: {error.strerror}; the development node needs about 1 GB in the run folder "
            f"{str(settings.runs.resolve())!r} (set LTR_RUNS to another)"
        ) from error
