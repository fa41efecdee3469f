"""Paths of a development cluster's files."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ltr_plugin.devnode.account import require_owner
from ltr_plugin.devnode.distribution import Distribution
from ltr_plugin.errors import NodeError
from ltr_plugin.settings import Settings

CLUSTER_NAME = "ltr-dev"


@dataclass(frozen=True)
class ClusterFolder:
    """The folder `node` of a run folder, absolute and without links, because it identifies the nodes' processes."""

    root: Path

    @classmethod
    def of(cls, settings: Settings) -> "ClusterFolder":
        """The cluster's folder for these settings; it need not exist."""
        return cls((settings.runs / "node").resolve())

    def home(self, distribution: Distribution) -> Path:
        """The installed distribution with its plugins, which all nodes of a cluster run."""
        return self.root / distribution.engine

    def nodes(self, distribution: Distribution, count: int) -> tuple["NodeFolder", ...]:
        """The folders of a cluster of `count` nodes. A cluster of another engine or size has others, and other data."""
        home = self.home(distribution)
        return tuple(
            NodeFolder(home.with_name(f"{distribution.engine}-{number}of{count}"), number, home, distribution)
            for number in range(1, count + 1)
        )

    @property
    def build(self) -> Path:
        """What Maven writes."""
        return self.root / "build"

    def dist(self, distribution: Distribution) -> Path:
        """The zip files among it: the distribution, the plugins of its nodes and, in `modules`, what it lacks."""
        return self.build / "dist" / distribution.engine

    @property
    def build_log(self) -> Path:
        """What Maven printed."""
        return self.root / "build.log"

    @property
    def tools_log(self) -> Path:
        """What the plugin installer printed."""
        return self.root / "tools.log"

    @property
    def state(self) -> Path:
        """The state of the running cluster, written once it is healthy."""
        return self.root / "node.json"

    def last_log(self, number: int) -> Path | None:
        """The log of this node in the cluster that wrote its log last; None before a first start."""
        logs = [log for log in self.root.glob(f"*-{number}of*/logs/{CLUSTER_NAME}.log") if log.is_file()]
        return max(logs, key=lambda log: log.lstat().st_mtime, default=None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes every other start and stop of this cluster wait. NodeError when the folder belongs to another user."""
        from filelock import FileLock

        require_owner(self.root)
        with FileLock(self.root / "lock"):
            yield


@dataclass(frozen=True)
class NodeFolder:
    """The folder of one node: what it shares with no other node."""

    root: Path
    number: int
    home: Path
    distribution: Distribution

    @property
    def name(self) -> str:
        """The node's name in its cluster."""
        return f"{CLUSTER_NAME}-{self.number}"

    @property
    def mark(self) -> str:
        """Java option by which the node's process is recognized; a digest, because a path may have spaces."""
        return f"-Dltr.node={hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]}"

    @property
    def config(self) -> Path:
        """Its configuration: that of the distribution with settings of its own."""
        return self.root / "config"

    @property
    def seeds(self) -> Path:
        """Transport addresses of the cluster's nodes, which the node reads anew while it looks for them."""
        return self.config / "unicast_hosts.txt"

    @property
    def data(self) -> Path:
        """The indices. They survive restarts and new versions of the node."""
        return self.root / "data"

    @property
    def temporary(self) -> Path:
        """The node's temporary files."""
        return self.root / "tmp"

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
        """HTTP addresses that the node listens on, one `address:port` a line; written by the node."""
        return self.logs / "http.ports"

    @property
    def transport_ports(self) -> Path:
        """The same of the addresses for the other nodes."""
        return self.logs / "transport.ports"

    @property
    def pid(self) -> Path:
        """The process id, written as soon as the process exists."""
        return self.root / "node.pid"


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
