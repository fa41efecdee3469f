"""Lines of changes in groups of what is written in one call, as fast as they arrive and within bounded memory."""

import threading
from collections.abc import Iterable, Iterator

from ltr_plugin.catalog.changes import CHANGES_PER_CALL
from ltr_plugin.errors import InputError

MAX_GROUP_BYTES = 16 << 20
"""Bytes of lines that wait to be written: this and the length of one line bound the memory of reading a file."""

NumberedLine = tuple[int, bytes]
"""A line with its number."""


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
