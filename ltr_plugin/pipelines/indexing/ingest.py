"""Changes from catalog systems: written at once; products that lack vectors afterwards are sent to the workers."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.batches import batched
from ltr_plugin.catalog.changes import CHANGES_PER_CALL, Change, ChangeKind
from ltr_plugin.catalog.line_groups import NumberedLine
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.index import NOT_FOUND, ManagedIndex
from ltr_plugin.cluster.managed.scripts import STALE
from ltr_plugin.errors import BrokerError, ClusterError, InputError, Problem, counted
from ltr_plugin.files import decode_line
from ltr_plugin.pipelines.indexing.enqueue import enqueue_missing
from ltr_plugin.validation import MAX_QUOTED, problems_of

if TYPE_CHECKING:
    from celery import Celery


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
    kind: ChangeKind,
    *,
    client: "Celery | None",
    folder: Path | None = None,
    media_roots: Iterable[Path] = (),
) -> IngestResult:
    """Applies `records`: changes, or JSON of changes of this `kind` as text or decoded.

    Fields beyond the standard ones are those that the index declares. A record that is wrong does not stop the others.
    Relative media references are relative to `folder`, or without it to the media folder of the index. ClusterError
    when the cluster is out of reach: it is unknown then which of the last CHANGES_PER_CALL records were applied;
    applying them again is safe. Without a `client` no tasks are sent: products without vectors stay in the backlog.
    """
    result = IngestResult()
    for group in batched(enumerate(records, start=1), CHANGES_PER_CALL):
        index = ManagedIndex.open(cluster, alias, media_roots=media_roots)
        valid = list(_read(group, _adapter(index.product_types.of(kind)), result.refused))
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
        if client is None:
            continue
        try:
            result.sent += enqueue_missing(index.reopened(), changed, client=client)
        except BrokerError as broker_error:
            result.enqueue_error = str(broker_error)
    result.refused.sort(key=lambda one: one.position)
    return result


Ingest = Callable[[Iterable[bytes]], IngestResult]
"""Applies lines of JSON, as `CatalogClient.put` and `CatalogClient.update` do."""


@dataclass
class StreamResult:
    """How many changes were applied, refused, stale and about a `missing` product, and how many products were `sent`.

    All as in `IngestResult`.
    """

    applied: int = 0
    sent: int = 0
    stale: int = 0
    missing: int = 0
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
                message = f"{problem.message}; applied before it: {counted(total.applied, 'change')}"
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
        total.sent += result.sent
        total.stale += result.stale
        total.missing += len(result.missing)
        total.refused += len(result.refused)
        total.enqueue_error = result.enqueue_error or total.enqueue_error


@lru_cache(maxsize=64)
def _adapter(type_: type[Change]) -> TypeAdapter[Change]:
    return TypeAdapter(type_)


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
