"""Changes from catalog systems: written at once; products that lack vectors afterwards are sent to the workers."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.batches import batched
from ltr_plugin.catalog.changes import Change
from ltr_plugin.cluster.changes import apply_changes
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import NOT_FOUND, Index
from ltr_plugin.cluster.scripts import STALE
from ltr_plugin.errors import BrokerError, ClusterError, InputError, Problem
from ltr_plugin.files import decode_line
from ltr_plugin.pipelines.enqueue import enqueue_missing
from ltr_plugin.validation import MAX_QUOTED, problems_of

if TYPE_CHECKING:
    from celery import Celery

CHANGES_PER_CALL = 500
"""Changes that are written in one call to the cluster."""

MAX_GROUP_BYTES = 16 << 20
"""Bytes of lines that wait to be written: this and the length of one line bound the memory of reading a file."""


@dataclass(frozen=True)
class RefusedChange:
    """A change that was not made: its position among the given changes, from 1, its product's id, and the reason.

    `id` is empty when it cannot be read.
    """

    position: int
    id: str
    reason: str


@dataclass
class IngestResult:
    """What became of changes: how many were `applied`, how many products were `sent` to workers (each counted once a
    modality), and which changes were `refused`. Those that are `stale` are older than the last change of their product.

    `missing` are the ids that were to be deleted or embedded again, and are not in the index.
    `enqueue_error` says why no tasks could be sent; the products stay in the backlog, and the next sweep sends them.
    """

    applied: int = 0
    sent: int = 0
    stale: int = 0
    refused: list[RefusedChange] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    enqueue_error: str | None = None


def ingest(
    cluster: Cluster,
    alias: str,
    records: Iterable[object],
    change_type: type[Change],
    *,
    client: "Celery",
    folder: Path | None = None,
    media_roots: Iterable[Path] = (),
) -> IngestResult:
    """Applies `records`: changes, or JSON of `change_type` as text or decoded.

    A record that is wrong does not stop the others. Relative media references are relative to `folder`, or without it
    to the media folder of the index. ClusterError when the cluster is out of reach: it is unknown then which of the
    last CHANGES_PER_CALL records were applied; applying them again is safe.
    """
    result = IngestResult()
    adapter: TypeAdapter[Change] = TypeAdapter(change_type)
    for group in batched(enumerate(records, start=1), CHANGES_PER_CALL):
        valid = list(_read(group, adapter, result.refused))
        index = Index.open(cluster, alias, media_roots=media_roots)
        errors = apply_changes(index, [change for _, change in valid], folder=folder)
        changed: list[str] = []
        for (position, change), error in zip(valid, errors, strict=True):
            if error is None:
                changed.append(change.id)
            elif error == STALE:
                result.stale += 1
            elif error == NOT_FOUND:
                result.missing.append(change.id)
            else:
                result.refused.append(RefusedChange(position, change.id, error))
        result.applied += len(changed)
        try:
            result.sent += enqueue_missing(index.reopened(), changed, client=client)
        except BrokerError as broker_error:
            result.enqueue_error = str(broker_error)
    result.refused.sort(key=lambda one: one.position)
    return result


Ingest = Callable[[Iterable[bytes]], IngestResult]
"""Applies lines of JSON, as `CatalogClient.put` and `CatalogClient.update` do."""

NumberedLine = tuple[int, bytes]
"""A line with its number."""


@dataclass
class StreamResult:
    """How many changes were applied, refused and stale. `stale` and `enqueue_error` as in `IngestResult`."""

    applied: int = 0
    stale: int = 0
    refused: int = 0
    enqueue_error: str | None = None


def ingest_lines(
    groups: Iterable[Sequence[NumberedLine]], ingest: Ingest, *, on_refused: Callable[[Problem], None]
) -> StreamResult:
    """Applies lines, a group at a time; `on_refused` is told of each line that was not applied.

    It is also told where the lines cannot be read to their end, and how many changes before that are applied.
    ClusterError, which says how far it came, when the cluster is out of reach.
    """
    total = StreamResult()
    remaining = iter(groups)
    while True:
        try:
            group = next(remaining, None)
        except InputError as error:
            for problem in error.problems:
                message = f"{problem.message}; {total.applied:,} changes before it are applied"
                on_refused(Problem(problem.location, message))
            total.refused += len(error.problems)
            return total
        if group is None:
            return total
        try:
            result = ingest([line for _, line in group])
        except ClusterError as error:
            raise ClusterError(f"{error}; lines before {group[0][0]} are applied", status=error.status) from None
        for one in result.refused:
            number = group[one.position - 1][0]
            on_refused(Problem(f"line {number}", f"{one.id}  {one.reason}".strip()))
        total.applied += result.applied
        total.stale += result.stale
        total.refused += len(result.refused)
        total.enqueue_error = result.enqueue_error or total.enqueue_error


def number_lines(lines: Iterable[bytes]) -> Iterator[NumberedLine]:
    """The lines that are not blank, with their numbers from 1."""
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def group_lines(lines: Iterable[bytes]) -> Iterator[list[NumberedLine]]:
    """Numbered lines in groups of CHANGES_PER_CALL, or MAX_GROUP_BYTES if that is less.

    An InputError while they are read is raised after the group of the lines before it.
    """
    group: list[NumberedLine] = []
    size = 0
    broken: InputError | None = None
    try:
        for number, line in number_lines(lines):
            if len(group) == CHANGES_PER_CALL or (group and size + len(line) > MAX_GROUP_BYTES):
                yield group
                group, size = [], 0
            group.append((number, line))
            size += len(line)
    except InputError as error:
        broken = error
    if group:
        yield group
    if broken:
        raise broken


def read_batches(lines: Iterable[bytes]) -> Iterator[list[NumberedLine]]:
    """Numbered lines in groups of all that have arrived, within the limits of `group_lines`.

    A thread reads a group ahead. An error while the lines are read is raised after the lines before it.
    """
    arrived = _Arrived()

    def reader() -> None:
        try:
            for line in number_lines(lines):
                arrived.put(line)
        except BaseException as error:
            arrived.end(error)  # raised below, in the thread that reads the groups
        else:
            arrived.end(None)

    threading.Thread(target=reader, daemon=True).start()
    while group := arrived.take():
        yield group


class _Arrived:
    """Lines that one thread puts and another takes; a full one makes the first wait, an empty one the other."""

    def __init__(self) -> None:
        self._group: list[NumberedLine] = []
        self._bytes = 0
        self._ended = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, line: NumberedLine) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._group) < CHANGES_PER_CALL and self._bytes < MAX_GROUP_BYTES)
            self._group.append(line)
            self._bytes += len(line[1])
            self._changed.notify_all()

    def end(self, error: BaseException | None) -> None:
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def take(self) -> list[NumberedLine]:
        """All lines that are there, at least one; none at the end. Raises the error that ended them."""
        with self._changed:
            self._changed.wait_for(lambda: self._group or self._ended)
            group, self._group, self._bytes = self._group, [], 0
            self._changed.notify_all()
        if not group and self._error:
            raise self._error
        return group


def _read(
    group: Sequence[tuple[int, object]], adapter: TypeAdapter[Change], refused: list[RefusedChange]
) -> Iterator[tuple[int, Change]]:
    for position, record in group:
        if isinstance(record, Change):
            yield position, record
            continue
        try:
            text = decode_line(record) if isinstance(record, bytes) else record if isinstance(record, str) else None
            yield position, adapter.validate_python(record) if text is None else adapter.validate_json(text)
        except ValidationError as error:
            reason = "; ".join(
                f"{problem.location}  {problem.message}"
                for problem in problems_of(error, record if text is None else None)
            )
            refused.append(RefusedChange(position, _id_of(record), reason))
        except ValueError as error:
            refused.append(RefusedChange(position, "", str(error)))


def _id_of(record: object) -> str:
    if isinstance(record, str | bytes):
        try:
            record = json.loads(record)
        except (ValueError, RecursionError):
            return ""
    id_ = record.get("id") if isinstance(record, dict) else None
    return id_[:MAX_QUOTED] if isinstance(id_, str) else ""
