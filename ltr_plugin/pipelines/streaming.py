"""Changes that arrive line by line, taken in as they come."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltr_plugin.errors import ClusterError, Mistake

if TYPE_CHECKING:
    from ltr_plugin.pipelines.ingest import Taken

TOGETHER = 500

Take = Callable[[Iterable[bytes]], "Taken"]
"""Takes in lines of JSON, as `Products.put` and `Products.update` do."""

Line = tuple[int, bytes]
"""A line with its number."""


@dataclass
class Streamed:
    """How many changes were made, and how many refused. `unsent` as in `Taken`."""

    made: int = 0
    refused: int = 0
    unsent: str | None = None


def take_lines(groups: Iterable[Sequence[Line]], take: Take, *, refused: Callable[[Mistake], None]) -> Streamed:
    """Takes in lines, a group at a time; `refused` hears of each that was not.

    ClusterError, saying how far it came, when the cluster is out of reach.
    """
    done = Streamed()
    for group in groups:
        try:
            taken = take([line for _, line in group])
        except ClusterError as error:
            raise ClusterError(f"{error}; lines before {group[0][0]} are taken in", status=error.status) from None
        for one in taken.refused:
            number = group[one.place - 1][0]
            refused(Mistake(f"line {number}", f"{one.id}  {one.reason}".strip()))
        done.made += taken.made
        done.refused += len(taken.refused)
        done.unsent = taken.unsent or done.unsent
    return done


def numbered(lines: Iterable[bytes]) -> Iterator[Line]:
    """The lines that are not blank, with their numbers from 1."""
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def arriving(lines: Iterable[bytes]) -> Iterator[list[Line]]:
    """Numbered lines, as many together as have arrived, TOGETHER at most. A thread reads a little ahead."""
    read: queue.Queue[Line | BaseException | None] = queue.Queue(2 * TOGETHER)

    def reader() -> None:
        try:
            for line in numbered(lines):
                read.put(line)
        except BaseException as error:
            read.put(error)  # raised below, to whom the lines are given
        else:
            read.put(None)

    threading.Thread(target=reader, daemon=True).start()
    item = read.get()
    while isinstance(item, tuple):
        group = [item]
        with contextlib.suppress(queue.Empty):
            while len(group) < TOGETHER and isinstance(item := read.get_nowait(), tuple):
                group.append(item)
        yield group
        if isinstance(item, tuple):
            item = read.get()
    if item:
        raise item
