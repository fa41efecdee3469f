"""JSON Lines files of one form: read line by line, every mistake with its line and path, ids told apart."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.decoding import mistakes
from ltr_plugin.errors import InputError, Mistake

SHOWN = 100
"""Mistakes that an error lists at most; the rest is counted."""


class Identified(Protocol):
    """Anything with an id that must be unique in its file."""

    id: str


Item = TypeVar("Item", bound=Identified)


class JsonLines(Generic[Item]):
    """A file (gzip when its name ends in .gz) with one `form` a line; blank lines are passed over."""

    def __init__(self, path: Path, form: type[Item]) -> None:
        self.path = path
        self._adapter = TypeAdapter(form)

    def check(self) -> tuple[int, list[Mistake]]:
        """How many good lines the file has, and everything that is wrong with the others."""
        found: list[Mistake] = []
        return sum(1 for _ in self._read(found)), found

    def read(self, *, skip_invalid: bool = False) -> Iterator[Item]:
        """The file's items. Wrong lines are an InputError before the first item is given, or skipped when asked."""
        if not skip_invalid:
            _, found = self.check()
            if found:
                raise InputError(str(self.path), _cut(found))
        return self._read([])

    def _read(self, found: list[Mistake]) -> Iterator[Item]:
        first: dict[str, int] = {}
        with opened(self.path) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    item = self._adapter.validate_json(line)
                except ValidationError as error:
                    found += (Mistake(f"line {number} {wrong.where}", wrong.what) for wrong in mistakes(error))
                    continue
                if item.id in first:
                    found.append(Mistake(f"line {number} $.id", f"{item.id!r} is the id of line {first[item.id]} too"))
                    continue
                first[item.id] = number
                yield item


def _cut(found: list[Mistake]) -> list[Mistake]:
    more = len(found) - SHOWN
    return [*found[:SHOWN], Mistake("…", f"and {more} more")] if more > 0 else found


@contextmanager
def opened(path: Path) -> Iterator[Iterable[bytes]]:
    """The lines of a file, unpacked when its name ends in .gz; InputError when it cannot be read to its end."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(str(path), f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
