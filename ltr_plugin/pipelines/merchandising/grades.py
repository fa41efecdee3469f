"""Grades that merchandisers give to products for typed queries, and the judgments that they make."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.state import GRADES, StateIndex
from ltr_plugin.errors import InputError
from ltr_plugin.judgments.forms import squeeze

MAX_QUERIES = 10_000
"""Graded queries of an index that are read."""

BEST_GRADE = 3

COLUMNS = ("query", "docid", "rating", "author", "graded")
"""Columns of the judgments: the first three are those of Quepid's CSV, which `Qrels.read` takes."""


@dataclass(frozen=True)
class Grade:
    """The grade of a product for a query's text, 0 (not relevant) to BEST_GRADE, by whom and when (ISO 8601, UTC)."""

    query: str
    product: str
    grade: int
    author: str
    graded: str


def put_grade(index: Index, text: str, product: str, grade: int | None, *, author: str) -> None:
    """Keeps a grade in place of an earlier one; None removes it.

    Texts are compared as judgments have them, in NFC and with single blanks. InputError for an empty text, and for a
    product that the index does not have.
    """
    query = squeeze(text)
    if not query:
        raise InputError("grade", "a grade is for typed words; this query has none")
    if grade is not None and product not in index.products([product]):
        raise InputError("grade", f"{index.alias} has no product {product!r}")
    graded = datetime.now(UTC).isoformat(timespec="seconds")
    kept = None if grade is None else {"grade": grade, "author": author, "graded": graded}
    fields = {"index": index.alias, "query": query, "grades": {product: kept}}
    StateIndex(index.cluster, GRADES).merge_fields(_id(index.alias, query), fields, refresh=True)


def grades_of(index: Index, text: str) -> list[Grade]:
    """The grades of the products of one query."""
    return list(_grades(StateIndex(index.cluster, GRADES).get(_id(index.alias, squeeze(text)))))


def all_grades(index: Index) -> list[Grade]:
    """All grades of an index, by query and product."""
    body = {"query": {"term": {"index": index.alias}}, "size": MAX_QUERIES}
    documents = StateIndex(index.cluster, GRADES).search(body)
    return sorted(
        (one for document in documents for one in _grades(document)), key=lambda one: (one.query, one.product)
    )


def as_csv(grades: Iterable[Grade]) -> str:
    """The grades as a file of judgments with the texts of the queries, such as `ltr evaluate --qrels FILE` takes."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows((one.query, one.product, one.grade, one.author, one.graded) for one in grades)
    return text.getvalue()


def _grades(document: Mapping[str, Any]) -> Iterator[Grade]:
    for product, kept in document.get("grades", {}).items():
        if kept:
            yield Grade(document["query"], product, kept["grade"], kept["author"], kept["graded"])


def _id(index: str, query: str) -> str:
    return blake2b(f"{index}\0{query}".encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
