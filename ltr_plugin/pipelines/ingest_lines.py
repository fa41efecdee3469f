"""Changes that arrive line by line, taken in as they come."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltr_plugin.errors import ClusterError, Problem

if TYPE_CHECKING:
    from ltr_plugin.pipelines.ingest import IngestResult

BATCH_SIZE = 500

Ingest = Callable[[Iterable[bytes]], "IngestResult"]
"""Takes in lines of JSON, as `Products.put` and `Products.update` do."""

NumberedLine = tuple[int, bytes]
"""A line with its number."""


@dataclass
class StreamResult:
    """How many changes were made, and how many refused. `enqueue_error` as in `IngestResult`."""

    applied: int = 0
    refused: int = 0
    enqueue_error: str | None = None


def ingest_lines(
    groups: Iterable[Sequence[NumberedLine]], ingest: Ingest, *, on_refused: Callable[[Problem], None]
) -> StreamResult:
    """Takes in lines, a group at a time; `refused` hears of each that was not.

    ClusterError, saying how far it came, when the cluster is out of reach.
    """
    done = StreamResult()
    for group in groups:
        try:
            result = ingest([line for _, line in group])
        except ClusterError as error:
            raise ClusterError(f"{error}; lines before {group[0][0]} are taken in", status=error.status) from None
        for one in result.refused:
            number = group[one.position - 1][0]
            on_refused(Problem(f"line {number}", f"{one.id}  {one.reason}".strip()))
        done.applied += result.applied
        done.refused += len(result.refused)
        done.enqueue_error = result.enqueue_error or done.enqueue_error
    return done


def number_lines(lines: Iterable[bytes]) -> Iterator[NumberedLine]:
    """The lines that are not blank, with their numbers from 1."""
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def read_batches(lines: Iterable[bytes]) -> Iterator[list[NumberedLine]]:
    """Numbered lines, as many together as have arrived, TOGETHER at most. A thread reads a little ahead."""
    arrived: queue.Queue[NumberedLine | BaseException | None] = queue.Queue(2 * BATCH_SIZE)

    def reader() -> None:
        try:
            for line in number_lines(lines):
                arrived.put(line)
        except BaseException as error:
            arrived.put(error)  # raised below, to whom the lines are given
        else:
            arrived.put(None)

    threading.Thread(target=reader, daemon=True).start()
    item = arrived.get()
    while isinstance(item, tuple):
        group = [item]
        with contextlib.suppress(queue.Empty):
            while len(group) < BATCH_SIZE and isinstance(item := arrived.get_nowait(), tuple):
                group.append(item)
        yield group
        if isinstance(item, tuple):
            item = arrived.get()
    if item:
        raise item
