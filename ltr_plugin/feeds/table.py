"""Records of a table: CSV with any separator, or TSV; quotation marks that are not closed cost one record."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TextIO

from ltr_plugin.errors import Problem, ProblemLog, counted
from ltr_plugin.feeds.records import MAX_FIELD_CHARS, MAX_RECORD_LINES, Record, Records, location

SEPARATORS = ",;\t|"
_END = "\0end of the table\0"
"""A line after the last one: within a record, it shows that a quotation mark is not closed."""


class _TooLongError(ValueError):
    """A record goes on for too many lines or characters."""


class Table:
    """The records of a text. `header` has the names of the columns; reading continues behind it."""

    def __init__(self, text: TextIO, problems: ProblemLog, separator: str = "") -> None:
        """ValueError for a text without a header."""
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARS))
        self._lines = _Lines(text)
        self._problems = problems
        first = self._lines.first_line()
        if first.strip().strip('"').lower().startswith("sep=") and len(first.strip().strip('"')) == 5:
            separator = separator or first.strip().strip('"')[4]
            first = self._lines.first_line()
        self.separator = separator or _separator_of(first)
        self._lines.push_back([first])
        self.header: list[str] = []
        for line, row in self._rows():
            self.header = _named(row)
            self.header_line = line
            return
        raise ValueError("has no line with the names of its columns")

    def records(self) -> Records:
        """The records in order. Lines that are none are problems, and the lines after them are read."""
        width = len(self.header)
        for line, row in self._rows():
            if len(row) > width and not any(value.strip() for value in row[width:]):
                row = row[:width]  # noqa: PLW2901 - exports may end lines with further separators
            if len(row) != width:
                self._wrong_width(line, row)
                continue
            yield Record(line, list(zip(self.header, row, strict=True)))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, each with its first line."""
        while True:
            reader = csv.reader(self._lines, delimiter=self.separator)
            try:
                for row in reader:
                    is_too_long = self._lines.is_too_long()
                    first = self._lines.begin_record()
                    if row == [_END]:
                        return
                    if is_too_long:
                        self._problems.add(
                            Problem(location(first), f"has a line of over {MAX_FIELD_CHARS:,} characters")
                        )
                        break
                    if row and (row[-1].endswith(_END) or not self._is_strict()):
                        self._unclosed(first)
                        break
                    if any(row) and any(map(str.strip, row)):
                        yield first, row
                    if self._lines.restart:
                        self._lines.restart = False
                        break
                else:
                    return
            except (csv.Error, _TooLongError):
                self._unclosed(self._lines.begin_record())
            except UnicodeError as error:
                self._problems.add(_undecodable(self._lines.number + 1, error))
                return

    def _is_strict(self) -> bool:
        """Whether a record of several lines has nothing behind a closing quotation mark: else it is two records."""
        lines = self._lines.record
        if len(lines) == 1:
            return True
        try:
            return len(list(csv.reader(lines, delimiter=self.separator, strict=True))) == 1
        except csv.Error:
            return False

    def _wrong_width(self, line: int, row: Sequence[str]) -> None:
        width = len(self.header)
        wrong = f"has {counted(len(row), 'column')}, the header has {width}"
        if len(self._lines.record) > 1:
            self._lines.reread()
            message = f"{wrong}; is a quotation mark not closed? write one within a value two times"
        else:
            message = f"{wrong}; a separator or line break within a value needs quotation marks around it"
        self._problems.add(Problem(location(line), message))

    def _unclosed(self, line: int) -> None:
        self._lines.reread()
        self._lines.restart = False
        self._problems.add(
            Problem(
                location(line), "a quotation mark that opens here is not closed; write one within a value two times"
            )
        )


class _Lines:
    """The lines of a text, numbered, of which those of the record before can be read again but for its first one."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self._record: list[str] = []
        self._last: list[str] = []
        self._chars = 0
        self._too_long: set[int] = set()
        self.number = 0
        self.restart = False
        self._ended = False

    @property
    def record(self) -> Sequence[str]:
        """The lines of the record that was read last."""
        return self._last

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._next()
        self._record.append(line)
        self._chars += len(line)
        if len(self._record) > MAX_RECORD_LINES or self._chars > 2 * MAX_FIELD_CHARS:
            raise _TooLongError
        return line

    def begin_record(self) -> int:
        """The line at which the record that was just read begins; the next one begins behind it."""
        self._last, self._record, self._chars = self._record, [], 0
        return self.number - len(self._last) + 1

    def is_too_long(self) -> bool:
        """Whether the record that is being read has a line of which not all is kept."""
        return bool(self._too_long & set(range(self.number - len(self._record) + 1, self.number + 1)))

    def reread(self) -> None:
        """Has the lines of the last record but its first one read again, as records of their own."""
        again = [line for line in self._last[1:] if line != _END]
        if _END in self._last[1:]:
            self._ended = False
        self.number -= len(self._last) - 1
        self._waiting.extendleft(reversed(again))
        self.restart = True

    def first_line(self) -> str:
        """The first line that is not blank, for its separator; an empty one at the end."""
        while True:
            line = self._next().lstrip("\ufeff")
            if line == _END or line.strip():
                return "" if line == _END else line

    def push_back(self, lines: Sequence[str]) -> None:
        """Lines to read next."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def _next(self) -> str:
        if self._waiting:
            self.number += 1
            return self._waiting.popleft()
        line = self._text.readline(MAX_FIELD_CHARS)
        if line:
            self.number += 1
            if len(line) == MAX_FIELD_CHARS and not line.endswith(("\n", "\r")):
                self._too_long.add(self.number)
                while len(more := self._text.readline(MAX_FIELD_CHARS)) == MAX_FIELD_CHARS and more[-1] not in "\r\n":
                    pass
                line += "\n"
            return line
        if self._ended:
            raise StopIteration
        self._ended = True
        self.number += 1
        return _END


def _separator_of(line: str) -> str:
    """The separator that makes most columns of a header."""
    return max(SEPARATORS, key=lambda one: len(next(csv.reader([line], delimiter=one), [])))


def _named(row: Sequence[str]) -> list[str]:
    """The names of columns, without marks around them; `column 7` for one without a name."""
    return [" ".join(name.strip("\ufeff\u200b ").split()) or f"column {at}" for at, name in enumerate(row, start=1)]


def _undecodable(line: int, error: UnicodeError) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        found = f"byte 0x{error.object[error.start]:02X} is not {error.encoding}"
    else:
        found = str(error)
    return Problem(
        location(line), f"{found}, so the text from about here on is not read; state `encoding` in the mapping"
    )
