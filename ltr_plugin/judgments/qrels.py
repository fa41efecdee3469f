"""Relevance judgments, and the queries that they judge."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ltr_plugin.errors import InputError, Problem, ProblemLog
from ltr_plugin.judgments.forms import Judgment, read_judgments, squeeze


@dataclass(frozen=True)
class Qrels:
    """Graded relevance judgments: `grades[query_id][product_id]` is a whole number from 0 (not relevant) to 30.

    A product that is absent was not judged. `len(qrels)` is the number of judged queries, `query_id in qrels` says
    whether a query was judged. `texts` are those of the judged queries by id, where the judgments have them.
    """

    grades: Mapping[str, Mapping[str, int]]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """The judgments of a file, plain or gzip, in any of three forms, which its content tells.

        TREC qrels have `query 0 product grade` in each line, in any order; the second column is ignored
        (https://trec.nist.gov/data/qrels_eng/). Quepid's CSV has the columns `query` (the text), `docid` and `rating`,
        and may have `qid`; a row without a rating is ignored. The JSON of OpenSearch's Search Relevance Workbench is a
        judgment list with `judgmentRatings`. A judgment may be repeated. A query that is known by its text alone gets
        an id made of it. InputError lists everything that is wrong with the file, such as a grade that is no whole
        number from 0 to 30 (3.0 is one), or a second grade of the same product for the same query; it is also raised
        for a file without judgments and for one that cannot be read.
        """
        problems = ProblemLog()
        made = cls._of(read_judgments(Path(path), problems), problems)
        if not made.grades and not problems:
            problems.add(Problem("", "has no judgments"))
        if problems:
            raise InputError(str(path), problems)
        return made

    @classmethod
    def _of(cls, judgments: Iterable[Judgment], problems: ProblemLog) -> Self:
        grades: dict[str, dict[str, int]] = {}
        texts: dict[str, str] = {}
        ids: dict[str, str] = {}
        first: dict[tuple[str, str], str] = {}
        for one in judgments:
            earlier_grade = grades.setdefault(one.query, {}).setdefault(one.product, one.grade)
            earlier_place = first.setdefault((one.query, one.product), one.location)
            if earlier_grade != one.grade:
                names = f"query {one.text or one.query!r} product {one.product!r}"
                message = f"{names} has grade {one.grade}, but {earlier_grade} in {earlier_place}"
                problems.add(Problem(one.location, message))
            if one.text is None:
                continue
            if (earlier := texts.setdefault(one.query, one.text)) != one.text:
                problems.add(Problem(one.location, f"qid {one.query!r} has text {one.text!r}, but {earlier!r} before"))
            elif (other := ids.setdefault(one.text, one.query)) != one.query:
                problems.add(Problem(one.location, f"query {one.text!r} has qid {one.query!r}, but {other!r} before"))
        return cls(
            MappingProxyType({query: MappingProxyType(products) for query, products in grades.items()}),
            MappingProxyType(texts),
        )

    def joined(self, queries: Mapping[str, str | None]) -> tuple[Self, list[str]]:
        """The judgments of these queries, and what is judged and not among them.

        `queries` gives the text of each query by its id; None where it has none or consists of more than its text.
        Judgments that name a text are those of the queries with this text, whatever their ids; others are joined by id.
        What is left is named in the same way, by text or by id, sorted.
        """
        by_text: dict[str, list[str]] = {}
        for id_, text in queries.items():
            by_text.setdefault(squeeze(text or ""), []).append(id_)
        grades: dict[str, Mapping[str, int]] = {}
        left: list[str] = []
        for judged, products in self.grades.items():
            if not products:
                continue
            text = self.texts.get(judged)
            ids = by_text.get(text, []) if text else [judged] if judged in queries else []
            grades.update(dict.fromkeys(ids, products))
            if not ids:
                left.append(text or judged)
        return type(self)(grades), sorted(left)

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


def no_judged_query(qrels: Qrels) -> InputError:
    """What to raise when the judgments know none of the queries."""
    what = "texts" if qrels.texts else "ids"
    return InputError("judgments", f"judge none of these queries; are the {what} the same in both files?")
