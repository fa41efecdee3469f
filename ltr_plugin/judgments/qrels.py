"""Graded judgments: how well a product answers a query, from 0 (not at all) upwards."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.files import open_lines


@dataclass(frozen=True)
class Qrels:
    """Grades by query and product. A product that is absent was not judged."""

    grades: Mapping[str, Mapping[str, int]]

    def __len__(self) -> int:
        """How many queries are judged."""
        return len(self.grades)

    def __contains__(self, query: object) -> bool:
        """Whether a query is judged."""
        return query in self.grades

    @property
    def num_judgments(self) -> int:
        """How many judgments there are."""
        return sum(map(len, self.grades.values()))

    def queries(self) -> tuple[str, ...]:
        """The judged queries, in order of their ids."""
        return tuple(sorted(self.grades))

    def for_query(self, query: str) -> Mapping[str, int]:
        """Product to grade; empty for a query that was not judged."""
        return self.grades.get(query, MappingProxyType({}))

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that change with any judgment, whatever their order in the file."""
        packed = hashlib.blake2b(digest_size=8)
        for query in self.queries():
            for product, grade in sorted(self.grades[query].items()):
                packed.update(f"{query}\t{product}\t{grade}\n".encode())
        return packed.hexdigest()


def read_qrels(path: Path) -> Qrels:
    """The judgments of a TREC file, `query 0 product grade` a line, gzip allowed; InputError with every mistake in it.

    The second column is ignored, as everywhere. Saying a judgment twice is fine, with two grades it is a mistake.
    """
    grades: dict[str, dict[str, int]] = {}
    first: dict[tuple[str, str], int] = {}
    problems: list[Problem] = []
    for number, line in _lines(path):
        columns = line.split()
        location = f"line {number}"
        if not columns:
            continue
        if len(columns) != 4:
            problems.append(
                Problem(location, f"{len(columns)} columns, not the 4 of `query 0 product grade`: {line!r}")
            )
            continue
        query, _, product, grade_text = columns
        try:
            grade = int(grade_text)
        except ValueError:
            grade = -1
        if grade < 0:
            problems.append(Problem(location, f"grade {grade_text!r} is no whole number from 0"))
            continue
        earlier_grade = grades.setdefault(query, {}).setdefault(product, grade)
        earlier_line = first.setdefault((query, product), number)
        if earlier_grade != grade:
            conflict = (
                f"query {query!r} product {product!r} has grade {grade}, but {earlier_grade} in line {earlier_line}"
            )
            problems.append(Problem(location, conflict))
    if not grades and not problems:
        problems.append(Problem("", "has no judgments"))
    if problems:
        raise InputError(str(path), problems)
    return Qrels(MappingProxyType({query: MappingProxyType(products) for query, products in grades.items()}))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends."""
    with open_lines(path) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise InputError(str(path), f"line {number} is not UTF-8: {error.reason}") from None
