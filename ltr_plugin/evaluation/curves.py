"""Data of the report's plot of precision at levels of recall."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels

RECALL_LEVELS: npt.NDArray[np.float64] = np.linspace(0, 1, 21)
"""The levels of recall from 0 to 1, in steps of 0.05."""


def precision_at_recall(run: Run, qrels: Qrels, *, min_grade: int = 1) -> npt.NDArray[np.float64]:
    """Interpolated precision at each of RECALL_LEVELS, (levels,), averaged over the queries with a relevant product.

    The interpolated precision of a query is its highest precision at that recall or a higher one (Manning, Raghavan and
    Schütze, Introduction to Information Retrieval, 2008, section 8.4), and 0 where the run does not reach the recall.
    """
    rows = []
    for query in qrels.queries():
        relevant = {product for product, grade in qrels.for_query(query).items() if grade >= min_grade}
        if relevant:
            rows.append(_interpolated([product in relevant for product, _ in run.get(query, ())], len(relevant)))
    return np.mean(rows, axis=0) if rows else np.zeros(len(RECALL_LEVELS))


def _interpolated(hits: Sequence[bool], relevant: int) -> npt.NDArray[np.float64]:
    """Interpolated precision of one query with `relevant` relevant products; `hits` says which results are relevant."""
    retrieved = np.cumsum(hits)
    recall, precision = retrieved / relevant, retrieved / np.arange(1, len(hits) + 1)
    return np.array([precision[recall >= level - 1e-12].max(initial=0.0) for level in RECALL_LEVELS])
