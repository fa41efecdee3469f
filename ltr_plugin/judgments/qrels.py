"""Relevance judgments in TREC's format (qrels)."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.files import open_lines


@dataclass(frozen=True)
class Qrels:
    """Graded relevance judgments: `grades[query_id][product_id]` is a whole number from 0 (not relevant) upwards.

    A product that is absent was not judged. `len(qrels)` is the number of judged queries, `query_id in qrels` says
    whether a query was judged.
    """

    grades: Mapping[str, Mapping[str, int]]

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """The judgments of a TREC qrels file, plain or gzip: `query 0 product grade` in each line, in any order.

        The second column is ignored, and a judgment may be repeated. InputError lists every wrong line, such as a
        grade that is no whole number from 0, or a second grade of the same product for the same query; it is also
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
    problems: list[Problem] = []
    for number, line in _numbered_lines(path):
        columns = line.split()
        if not columns:
            continue
        if len(columns) != 4:
            message = f"{len(columns)} columns, not the 4 of `query 0 product grade`: {line!r}"
            problems.append(Problem(f"line {number}", message))
            continue
        query, _, product, grade_text = columns
        try:
            grade = int(grade_text)
        except ValueError:
            grade = -1
        if grade < 0:
            problems.append(Problem(f"line {number}", f"grade {grade_text!r} is not a whole number from 0 upwards"))
            continue
        earlier_grade = grades.setdefault(query, {}).setdefault(product, grade)
        earlier_line = first_line.setdefault((query, product), number)
        if earlier_grade != grade:
            message = (
                f"query {query!r} product {product!r} has grade {grade}, but {earlier_grade} in line {earlier_line}"
            )
            problems.append(Problem(f"line {number}", message))
    if not grades and not problems:
        problems.append(Problem("", "has no judgments"))
    if problems:
        raise InputError(str(path), problems)
    return MappingProxyType({query: MappingProxyType(products) for query, products in grades.items()})


def _numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with open_lines(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                yield number, line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text: {error.reason}") from None
