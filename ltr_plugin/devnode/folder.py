"""Where the node's files lie."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.errors import NodeError
from ltr_plugin.settings import Settings

CLUSTER_NAME = "ltr-dev"


@dataclass(frozen=True)
class NodeFolder:
    """The folder `node` of a run folder, absolute and without links: a process is recognised by it."""

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
        """The indices. They outlive restarts and new versions of the node."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """Everything the node logs."""
        return self.root / "logs"

    @property
    def log(self) -> Path:
        """The node's own log, rotated by it."""
        return self.logs / f"{CLUSTER_NAME}.log"

    @property
    def console(self) -> Path:
        """What the process printed before its log took over: why a start failed."""
        return self.logs / "console.log"

    @property
    def ports(self) -> Path:
        """Written by the node once it listens: one `address:port` a line."""
        return self.logs / "http.ports"

    @property
    def pid(self) -> Path:
        """The process, from the moment it exists."""
        return self.root / "node.pid"

    @property
    def state(self) -> Path:
        """The running node, from the moment it is healthy."""
        return self.root / "node.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds off every other start and stop of this node."""
        import fcntl

        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_whole(path: Path, text: str) -> None:
    """Writes beside, then renames: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log; empty when there is none. Reads 1 MiB at most."""
    with suppress(OSError), path.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - (1 << 20)))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    return ""


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """Turns a failed write (read-only folder, full disk) into a NodeError that says where."""
    try:
        yield
    except OSError as error:
        where = error.filename or settings.runs.resolve()
        raise NodeError(
            f"{str(where)!r}: {error.strerror}; the development node keeps about 1 GB in the run folder "
            f"{str(settings.runs.resolve())!r} (LTR_RUNS names another)"
        ) from error
