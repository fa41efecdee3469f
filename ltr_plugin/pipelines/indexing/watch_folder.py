"""A folder in which catalog systems leave files of changes: each is applied and moved to `done` or `failed`."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.catalog.line_groups import group_lines
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import MAX_LISTED, ClusterError, InputError, LtrError, ProblemLog
from ltr_plugin.files import open_lines, write_atomic
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.indexing.embed_backlog import temporary_worker
from ltr_plugin.pipelines.indexing.ingest import Ingest, StreamResult, ingest_lines
from ltr_plugin.settings import Settings

SUFFIXES = (".jsonl", ".jsonl.gz")
DONE_FOLDER, FAILED_FOLDER = "done", "failed"
POLL_S, MAX_POLL_S = 0.5, 60.0

Signature = tuple[int, int, int]
"""Inode, size and modification time of a file: they stay the same as long as nobody writes to it."""


@dataclass(frozen=True)
class FileResult:
    """A file that was applied: its path now, what became of its changes, and its problems."""

    path: Path
    result: StreamResult
    problems: ProblemLog


class WatchedFolder:
    """Applies the files `*.jsonl` and `*.jsonl.gz` of a folder, oldest first, and moves each to `done/` or `failed/`.

    Beside a file in `failed/`, NAME.errors has a line for each change that was refused; the other changes of the file
    are applied. Writers should use another name until a file is complete, and then rename it; a file that still grows
    is left until it stops. After an interruption a file is applied again as a whole, which is safe. A symbolic link, a
    pipe or a device of such a name is moved to `failed/` unread.
    """

    def __init__(self, folder: Path, ingest: Ingest) -> None:
        """InputError when the two folders inside cannot be made, or are symbolic links."""
        self.folder = folder
        self._ingest = ingest
        self._seen: dict[Path, Signature] = {}
        for own in (folder / DONE_FOLDER, folder / FAILED_FOLDER):
            try:
                own.mkdir(exist_ok=True)
            except OSError as error:
                raise InputError(str(own), f"cannot be made: {error.strerror or error}") from None
            if own.is_symlink():
                raise InputError(
                    str(own), "is a symbolic link; files are moved to a folder inside the watched one only"
                )

    def poll(self) -> Iterator[FileResult]:
        """Applies the files that have not changed since the last poll, yielding each when it is moved."""
        signatures = {path: signature for path in self.folder.iterdir() if (signature := _signature(path))}
        complete = [path for path, signature in signatures.items() if self._seen.get(path) == signature]
        self._seen = signatures
        for path in sorted(complete, key=lambda path: (signatures[path][2], path.name)):
            if result := self._process(path, signatures[path]):
                yield result

    def _process(self, path: Path, signature: Signature) -> FileResult | None:
        problems = ProblemLog(MAX_LISTED)
        result = StreamResult()
        try:
            with open_lines(path, regular_only=True) as lines:
                result = ingest_lines(group_lines(lines), self._ingest, on_refused=problems.add)
        except InputError as error:
            if error.source != str(path):
                raise
            for problem in error.problems:
                problems.add(problem)
        if _signature(path) != signature:
            return None  # somebody wrote to it meanwhile: it is applied again once it is complete
        folder = self.folder / (FAILED_FOLDER if problems else DONE_FOLDER)
        target = _unused_path(folder, path.name)
        if problems:
            errors = target.with_name(f"{target.name}.errors")
            # they quote the file, which other accounts may not read
            write_atomic(errors, "".join(f"{problem}\n" for problem in problems), mode=0o600)
        path.rename(target)
        return FileResult(target, result, problems)


def watch_folder(
    settings: Settings,
    cluster: Cluster,
    alias: str,
    folder: Path,
    *,
    update: bool = False,
    media: Path | None = None,
    on_file: Callable[[FileResult], None],
    on_retry: Callable[[ClusterError], None],
    poll_s: float = POLL_S,
) -> None:
    """Applies the files that appear in a folder, without end, and calls `on_file` for each.

    Without a broker, a local worker makes the vectors. While the cluster is out of reach, files stay where they are and
    `on_retry` is called with the reason. LtrError when the local worker dies for good.
    """
    from ltr_plugin.pipelines.indexing.enqueue import enqueue_backlog

    with temporary_worker(settings, media or folder) as worker:
        client = worker.client if worker else None
        products = CatalogClient(alias, folder=media or folder, settings=settings, cluster=cluster, client=client)
        watched = WatchedFolder(folder, products.update if update else products.put)
        pause_s, sent_at = poll_s, -1
        while True:
            try:
                if worker and worker.restarts > sent_at:  # a local worker starts with an empty queue
                    sent_at = worker.restarts
                    enqueue_backlog(ManagedIndex.open(cluster, alias), client=worker.client)
                for one in watched.poll():
                    on_file(one)
                pause_s = poll_s
            except ClusterError as error:
                if not error.retryable:
                    raise
                on_retry(error)
                pause_s = min(2 * pause_s, MAX_POLL_S)
            if worker and not worker.alive:
                raise LtrError("\n".join([f"the worker died (its log is {worker.log}):", *worker.tail()]))
            time.sleep(pause_s)


def _signature(path: Path) -> Signature | None:
    """None for a path that is not a file to be applied."""
    if not path.name.endswith(SUFFIXES) or path.name.startswith("."):
        return None
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return None if stat.S_ISDIR(status.st_mode) else (status.st_ino, status.st_size, status.st_mtime_ns)


def _unused_path(folder: Path, name: str) -> Path:
    """A path in the folder that does not exist: NAME, or NAME with a number before its suffixes."""
    suffix = next(suffix for suffix in SUFFIXES if name.endswith(suffix))
    stem = name.removesuffix(suffix)
    number = 1
    path = folder / name
    while os.path.lexists(path):
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path
