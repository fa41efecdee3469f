"""JSON Lines files: read line by line, with unique ids, and every problem listed with its line and path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.files import open_lines
from ltr_plugin.validation import problems_of

MAX_REPORTED = 100
"""How many problems an error lists; further ones are counted."""


class HasId(Protocol):
    """Anything with an id, which must be unique in its file."""

    id: str


Item = TypeVar("Item", bound=HasId)


class JsonLines(Generic[Item]):
    """A file, plain or gzip, with one `type_` as JSON in each line. Blank lines are skipped."""

    def __init__(self, path: Path, type_: type[Item]) -> None:
        self.path = path
        self._adapter = TypeAdapter(type_)

    def check(self) -> tuple[int, list[Problem]]:
        """The number of valid lines, and every problem of the others. InputError when the file cannot be read."""
        problems: list[Problem] = []
        return sum(1 for _ in self._read(problems)), problems

    def read(self, *, skip_invalid: bool = False) -> Iterator[Item]:
        """The items in order.

        Without `skip_invalid` the file is checked first, and any problem is an InputError before the first item.
        """
        if not skip_invalid:
            _, problems = self.check()
            if problems:
                raise InputError(str(self.path), _truncated(problems))
        return self._read([])

    def _read(self, problems: list[Problem]) -> Iterator[Item]:
        first_line: dict[str, int] = {}
        with open_lines(self.path) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    item = self._adapter.validate_json(line)
                except ValidationError as error:
                    problems += (
                        Problem(f"line {number} {problem.location}", problem.message) for problem in problems_of(error)
                    )
                    continue
                if item.id in first_line:
                    problems.append(
                        Problem(f"line {number} $.id", f"{item.id!r} is the id of line {first_line[item.id]} too")
                    )
                    continue
                first_line[item.id] = number
                yield item


def _truncated(problems: list[Problem]) -> list[Problem]:
    more = len(problems) - MAX_REPORTED
    return [*problems[:MAX_REPORTED], Problem("…", f"and {more} more")] if more > 0 else problems
