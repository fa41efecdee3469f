"""Relevance judgments in TREC's format (qrels)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ltr_plugin.errors import InputError, Problem, ProblemLog
from ltr_plugin.files import decode_line, open_lines
from ltr_plugin.validation import shorten

MAX_GRADE = 30
"""LightGBM stores the gain 2**grade - 1 as a 32-bit integer."""


@dataclass(frozen=True)
class Qrels:
    """Graded relevance judgments: `grades[query_id][product_id]` is a whole number from 0 (not relevant) to MAX_GRADE.

    A product that is absent was not judged. `len(qrels)` is the number of judged queries, `query_id in qrels` says
    whether a query was judged.
    """

    grades: Mapping[str, Mapping[str, int]]

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """The judgments of a TREC qrels file, plain or gzip: `query 0 product grade` in each line, in any order.

        The second column is ignored, and a judgment may be repeated. InputError lists every wrong line, such as a
        grade that is no whole number from 0 to 30, or a second grade of the same product for the same query; it is also
        raised for a file without judgments and for one that cannot be read.
        Format: https://trec.nist.gov/data/qrels_eng/
        """
        return cls(_read_grades(Path(path)))

    def __len__(self) -> int:
        return len(self.grades)

    def __contains__(self, query: object) -> bool:
        return query in self.grades

    def queries(self) -> tuple[str, ...]:
        """The ids of the judged queries, sorted."""
        return tuple(sorted(self.grades))

    def for_query(self, query: str) -> Mapping[str, int]:
        """The grades of a query by product id; empty for a query that was not judged."""
        return self.grades.get(query, MappingProxyType({}))

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that change with any judgment, but not with their order in the file."""
        content = hashlib.blake2b(digest_size=8)
        for query in self.queries():
            for product, grade in sorted(self.grades[query].items()):
                content.update(f"{query}\t{product}\t{grade}\n".encode())
        return content.hexdigest()


def _read_grades(path: Path) -> Mapping[str, Mapping[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    first_line: dict[tuple[str, str], int] = {}
    problems = ProblemLog()
    with open_lines(path) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                judgment = _judgment(decode_line(line))
                if judgment is None:
                    continue
                query, product, grade = judgment
                earlier_grade = grades.setdefault(query, {}).setdefault(product, grade)
                earlier_line = first_line.setdefault((query, product), number)
                if earlier_grade != grade:
                    earlier = f"{earlier_grade} in line {earlier_line}"
                    raise ValueError(f"query {query!r} product {product!r} has grade {grade}, but {earlier}")
            except ValueError as error:
                problems.add(Problem(f"line {number}", str(error)))
    if not grades and not problems:
        problems.add(Problem("", "has no judgments"))
    if problems:
        raise InputError(str(path), problems)
    return MappingProxyType({query: MappingProxyType(products) for query, products in grades.items()})


def _judgment(line: str) -> tuple[str, str, int] | None:
    """Query, product and grade of a line; None for a blank one. ValueError says what is wrong with it."""
    columns = line.split()
    if not columns:
        return None
    if len(columns) != 4:
        raise ValueError(f"{len(columns)} columns, not the 4 of `query 0 product grade`: {shorten(line)}")
    query, _, product, grade = columns
    if not (grade.isascii() and grade.isdecimal() and len(grade) <= 9 and int(grade) <= MAX_GRADE):
        raise ValueError(f"grade {shorten(grade)} is not a whole number from 0 to {MAX_GRADE}")
    return query, product, int(grade)


def no_judged_query() -> InputError:
    """What to raise when the judgments know none of the queries."""
    return InputError("judgments", "judge none of these queries; are the ids the same in both files?")
