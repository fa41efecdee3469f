"""The rows of a feature table that a ranker can be trained on."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError, Problem, counted
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.judgments.forms import MAX_GRADE


@dataclass(frozen=True)
class TrainingRows:
    """Rows grouped by query, of queries that have products of different grades.

    `values` is float32 (rows, features) with missing values as 0; `products` are ids; `grades` is int64 (rows,);
    `unjudged` marks sampled products without a judgment, whose grade is 0. `queries` and `sizes` give the id and the
    number of rows of each query, in the order of the rows. `notes` say what was left out.
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
        """The usable rows of a feature table, sorted by query.

        A query whose products all have the same grade gives no order to learn and is left out. InputError when no query
        remains, and for grades that are not integers from 0 to 30.
        """
        _check_grades(table)
        queries, query_of_row = np.unique(table.queries.astype(str), return_inverse=True)
        grades = table.labels.astype(np.int64)
        lowest, highest = np.full(len(queries), MAX_GRADE), np.zeros(len(queries), dtype=np.int64)
        np.minimum.at(lowest, query_of_row, grades)
        np.maximum.at(highest, query_of_row, grades)
        usable = lowest < highest
        if not usable.any():
            raise InputError(
                "feature table", "no query has products of different grades; judge more products, or add negatives"
            )
        order = np.argsort(query_of_row, kind="stable")
        order = order[usable[query_of_row[order]]]
        dropped = int((~usable).sum())
        note = f"{dropped} of {counted(len(queries), 'query')} left out: all their products have the same grade"
        return cls(
            values=table.zero_filled[order],
            products=table.products[order],
            grades=grades[order],
            unjudged=np.isnan(table.grades[order]),
            queries=tuple(map(str, queries[usable])),
            sizes=np.bincount(query_of_row, minlength=len(queries))[usable],
            notes=(note,) if dropped else (),
        )

    def __len__(self) -> int:
        return len(self.grades)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """The index of the first row of each query, (queries,)."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def query_of_row(self) -> npt.NDArray[np.int64]:
        """The index in `queries` of each row's query, (rows,)."""
        return np.repeat(np.arange(len(self.queries)), self.sizes)

    def positions(self, queries: Collection[str]) -> npt.NDArray[np.int64]:
        """The indices in `queries` of these queries, in the order of the rows."""
        return np.flatnonzero([query in queries for query in self.queries])

    def mask(self, queries: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which rows belong to these queries, (rows,)."""
        return np.isin(self.query_of_row, self.positions(queries))

    def for_queries(self, queries: Collection[str]) -> Self:
        """The rows of these queries."""
        mask, positions = self.mask(queries), self.positions(queries)
        return type(self)(
            values=self.values[mask],
            products=self.products[mask],
            grades=self.grades[mask],
            unjudged=self.unjudged[mask],
            queries=tuple(self.queries[position] for position in positions),
            sizes=self.sizes[positions],
            notes=self.notes,
        )


def _check_grades(table: FeatureTable) -> None:
    labels = table.labels
    wrong = np.flatnonzero((labels != np.rint(labels)) | (labels < 0) | (labels > MAX_GRADE))
    if len(wrong):
        raise InputError(
            "feature table",
            [
                Problem(
                    f"query {table.queries[row]!r} product {table.products[row]!r}",
                    f"grade {labels[row]!r} is not an integer from 0 to {MAX_GRADE}",
                )
                for row in wrong
            ],
        )
