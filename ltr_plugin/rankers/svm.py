"""A linear ranking SVM: each pair of a query's products, in the right order by a margin."""

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
    """A weighted sum by RankSVM (Joachims, KDD 2002), trained in the primal with a squared hinge.

    (Chapelle and Keerthi, Efficient algorithms for ranking with SVMs, 2010.) InputError as for LambdaMART.
    """
    settings = settings or LinearSettings()
    rows = TrainingRows.of(table)
    return fit_weights("svm", table, rows, settings, pairwise(rows, settings.negative_weight), progress)


def pairwise(rows: TrainingRows, negative_weight: float = 1.0) -> Objective:
    """The mean over queries of max(0, 1 - (better - worse))**2, in the mean over a query's pairs of different grades.

    A pair whose worse product is a sampled one weighs `negative_weight`.
    """
    better, worse, weights = _pairs(rows, negative_weight)

    def objective(scores: Doubles) -> tuple[float, Doubles]:
        short = np.maximum(0.0, 1 - (scores[better] - scores[worse]))
        slopes = -2 * weights * short
        gradient = np.zeros(len(scores))
        np.add.at(gradient, better, slopes)
        np.subtract.at(gradient, worse, slopes)
        return float(weights @ short**2), gradient

    return objective


def _pairs(rows: TrainingRows, negative_weight: float) -> tuple[Indices, Indices, Doubles]:
    better, worse, weights = [], [], []
    for start, size in zip(rows.starts, rows.sizes, strict=True):
        grades = rows.grades[start : start + size]
        over, under = np.nonzero(grades[:, None] > grades[None, :])
        weight = np.where(rows.unjudged[start + under], negative_weight, 1.0)
        better.append(start + over)
        worse.append(start + under)
        weights.append(weight / weight.sum() / len(rows.queries))
    return np.concatenate(better), np.concatenate(worse), np.concatenate(weights)
