"""The rows of a feature table that a ranker can learn from."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.table import FeatureTable, Floats

MAX_GRADE = 30
"""A gain of 2**grade - 1 must fit LightGBM's integers."""


@dataclass(frozen=True)
class TrainingRows:
    """Rows sorted by query, of queries whose grades differ.

    `values` is float32 (rows, features) without missing values, `products` their ids, `grades` int64 (rows,), `unjudged`
    says which rows nobody judged (grade 0), `queries` and `sizes` name the queries in order and count their rows.
    """

    values: Floats
    products: npt.NDArray[np.object_]
    grades: npt.NDArray[np.int64]
    unjudged: npt.NDArray[np.bool_]
    queries: tuple[str, ...]
    sizes: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: FeatureTable) -> Self:
        """The rows of `table`; InputError for grades that are no whole numbers from 0 to 30, or when no query is left.

        A query whose products all have one grade teaches no order and is left out, with a note.
        """
        _check(table)
        queries, query_of_row = np.unique(table.queries.astype(str), return_inverse=True)
        grades = table.labels.astype(np.int64)
        least, most = np.full(len(queries), MAX_GRADE), np.zeros(len(queries), dtype=np.int64)
        np.minimum.at(least, query_of_row, grades)
        np.maximum.at(most, query_of_row, grades)
        useful = least < most
        if not useful.any():
            raise InputError("feature table", "no query has products of different grades; judge more, or add negatives")
        order = np.argsort(query_of_row, kind="stable")
        order = order[useful[query_of_row[order]]]
        dropped = int((~useful).sum())
        note = f"{dropped} of {len(queries)} queries left out: all their products have the same grade"
        return cls(
            values=table.zero_filled[order],
            products=table.products[order],
            grades=grades[order],
            unjudged=np.isnan(table.grades[order]),
            queries=tuple(map(str, queries[useful])),
            sizes=np.bincount(query_of_row, minlength=len(queries))[useful],
            notes=(note,) if dropped else (),
        )

    def __len__(self) -> int:
        return len(self.grades)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """The first row of each query."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def query_of_row(self) -> npt.NDArray[np.int64]:
        """The place in `queries` of each row's query."""
        return np.repeat(np.arange(len(self.queries)), self.sizes)

    def for_queries(self, wanted: Collection[str]) -> Self:
        """The rows of these queries."""
        chosen = np.array([query in wanted for query in self.queries])
        rows = chosen[self.query_of_row]
        selected = tuple(query for query in self.queries if query in wanted)
        sizes = self.sizes[chosen]
        parts = (self.values[rows], self.products[rows], self.grades[rows], self.unjudged[rows])
        return type(self)(*parts, selected, sizes, self.notes)


def _check(table: FeatureTable) -> None:
    labels = table.labels
    wrong = np.flatnonzero((labels != np.rint(labels)) | (labels < 0) | (labels > MAX_GRADE))
    if len(wrong):
        said = f"is no whole number from 0 to {MAX_GRADE}"
        raise InputError(
            "feature table",
            [
                Problem(
                    f"query {table.queries[row]!r} product {table.products[row]!r}", f"grade {labels[row]!r} {said}"
                )
                for row in wrong
            ],
        )
