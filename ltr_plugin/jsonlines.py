"""JSON Lines files: read line by line, with unique ids, and every problem listed with its line and path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.errors import MAX_LISTED, InputError, Problem, ProblemLog
from ltr_plugin.files import decode_line, open_lines
from ltr_plugin.validation import problems_of


class HasId(Protocol):
    """Anything with an id, which must be unique in its file."""

    id: str


Item = TypeVar("Item", bound=HasId)


class JsonLines(Generic[Item]):
    """A file, plain or gzip, with one `type_` as JSON in each line. Blank lines are skipped."""

    def __init__(self, path: Path, type_: type[Item]) -> None:
        self.path = path
        self._adapter = TypeAdapter(type_)

    def check(self) -> tuple[int, ProblemLog]:
        """The number of valid lines, and the problems of the others. InputError when the file cannot be read."""
        problems = ProblemLog(MAX_LISTED)
        return sum(1 for _ in self._read(problems)), problems

    def read(self, *, skip_invalid: bool = False) -> Iterator[Item]:
        """The items in order.

        Without `skip_invalid` the file is checked first, and any problem is an InputError before the first item.
        """
        if not skip_invalid:
            problems = ProblemLog()
            for _ in self._read(problems):
                pass
            if problems:
                raise InputError(str(self.path), problems)
        return self._read(ProblemLog(0))

    def _read(self, problems: ProblemLog) -> Iterator[Item]:
        first_line: dict[str, int] = {}
        with open_lines(self.path) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    item = self._adapter.validate_json(decode_line(line))
                except ValidationError as error:
                    for problem in problems_of(error):
                        problems.add(Problem(f"line {number} {problem.location}", problem.message))
                    continue
                except ValueError as error:
                    problems.add(Problem(f"line {number}", str(error)))
                    continue
                if item.id in first_line:
                    problems.add(
                        Problem(f"line {number} $.id", f"{item.id!r} is the id of line {first_line[item.id]} too")
                    )
                    continue
                first_line[item.id] = number
                yield item
