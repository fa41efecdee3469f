"""A record of a feed: a line of a table, or an item of an XML feed, with its values by column."""

from collections.abc import Iterator
from typing import NamedTuple

MAX_FIELD_CHARS = 4 << 20
"""Characters of one value."""

MAX_RECORD_LINES = 5_000
"""Lines of a file that one record may take, by line breaks within quotation marks."""


class Record(NamedTuple):
    """Where a record begins, and its columns with their values, in the order of the file; a column may be repeated."""

    line: int
    values: list[tuple[str, str]]

    def first(self, *columns: str) -> str:
        """The first value of one of these columns that is not empty."""
        return next((text for column, text in self.values if column in columns and text), "")


Records = Iterator[Record]


def location(line: int, column: str = "") -> str:
    """Where a problem is, for a person."""
    return f'line {line}, column "{column}"' if column else f"line {line}"
