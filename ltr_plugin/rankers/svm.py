"""RankSVM: a pairwise linear ranker, which learns to score the better product of each pair higher by a margin."""

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.table import FeatureTable
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.linear import Doubles, LinearRanker, LinearSettings, Objective, fit_weights
from ltr_plugin.rankers.training.rows import TrainingRows

Indices = npt.NDArray[np.int64]


def train_svm(
    table: FeatureTable, settings: LinearSettings | None = None, *, progress: Progress = no_progress
) -> LinearRanker:
    """A weighted sum trained as RankSVM (Joachims, Optimizing Search Engines using Clickthrough Data, KDD 2002).

    It is trained in the primal with a squared hinge loss (Chapelle and Keerthi, Efficient algorithms for ranking with
    SVMs, 2010). InputError when the grades do not allow training.
    """
    settings = settings or LinearSettings()
    rows = TrainingRows.of(table)
    return fit_weights("svm", table, rows, settings, pairwise(rows, settings.negative_weight), progress)


def pairwise(rows: TrainingRows, negative_weight: float = 1.0) -> Objective:
    """The squared hinge loss max(0, 1 - (better - worse))**2 of the scores of products of different grades.

    It is a mean over the pairs of a query, then over queries. A pair whose worse product is a sampled one has the
    weight `negative_weight`.
    """
    better, worse, weights = _pairs(rows, negative_weight)

    def objective(scores: Doubles) -> tuple[float, Doubles]:
        violations = np.maximum(0.0, 1 - (scores[better] - scores[worse]))
        slopes = -2 * weights * violations
        gradient = np.zeros(len(scores))
        np.add.at(gradient, better, slopes)
        np.subtract.at(gradient, worse, slopes)
        return float(weights @ violations**2), gradient

    return objective


def _pairs(rows: TrainingRows, negative_weight: float) -> tuple[Indices, Indices, Doubles]:
    """The row of the better and of the worse product of each pair, and the weight of the pair, each (pairs,)."""
    better, worse, weights = [], [], []
    for start, size in zip(rows.starts, rows.sizes, strict=True):
        grades = rows.grades[start : start + size]
        higher, lower = np.nonzero(grades[:, None] > grades[None, :])
        weight = np.where(rows.unjudged[start + lower], negative_weight, 1.0)
        better.append(start + higher)
        worse.append(start + lower)
        weights.append(weight / weight.sum() / len(rows.queries))
    return np.concatenate(better), np.concatenate(worse), np.concatenate(weights)
