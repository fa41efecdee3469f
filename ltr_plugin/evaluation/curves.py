"""Curves over a run: precision at each level of recall, and one ranker's gain over another query by query."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels

RECALL_LEVELS: npt.NDArray[np.float64] = np.linspace(0, 1, 21)
"""Levels of recall."""


def precision_at_recall(run: Run, qrels: Qrels, *, min_grade: int = 1) -> npt.NDArray[np.float64]:
    """Interpolated precision at each of LEVELS, averaged over the queries that have a relevant product.

    A query's precision at a level is the best it reaches at that recall or beyond (Manning, Raghavan and Schütze,
    Introduction to Information Retrieval, 2008, section 8.4), and 0 beyond what the run finds.
    """
    rows = []
    for query in qrels.queries():
        wanted = {product for product, grade in qrels.for_query(query).items() if grade >= min_grade}
        if wanted:
            rows.append(_interpolated([product in wanted for product, _ in run.get(query, ())], len(wanted)))
    return np.mean(rows, axis=0) if rows else np.zeros(len(RECALL_LEVELS))


def per_query_difference(run: Run, baseline: Run, qrels: Qrels, measure: str = MEASURES[0]) -> dict[str, float]:
    """How much better (or worse, below 0) `run` answers each query than `baseline`."""
    column = MEASURES.index(measure)
    difference = (per_query(run, qrels) - per_query(baseline, qrels))[:, column]
    return dict(zip(qrels.queries(), difference.tolist(), strict=True))


def _interpolated(hits: Sequence[bool], wanted: int) -> npt.NDArray[np.float64]:
    found = np.cumsum(hits)
    recall, precision = found / wanted, found / np.arange(1, len(hits) + 1)
    return np.array([precision[recall >= level - 1e-12].max(initial=0.0) for level in RECALL_LEVELS])
