"""Logistic regression: a pointwise linear ranker, which learns whether a product is relevant to a query."""

import numpy as np

from ltr_plugin.features.table import FeatureTable
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.linear import Doubles, LinearRanker, LinearSettings, Objective, fit_weights
from ltr_plugin.rankers.training.rows import TrainingRows


def train_logistic(
    table: FeatureTable, settings: LinearSettings | None = None, *, progress: Progress = no_progress
) -> LinearRanker:
    """A weighted sum trained by logistic regression; products of grade 1 and above are relevant.

    The score is the logit without its intercept, which gives the same order. InputError when the grades do not allow
    training.
    """
    settings = settings or LinearSettings()
    rows = TrainingRows.of(table)
    return fit_weights(
        "logistic", table, rows, settings, pointwise(rows, settings.negative_weight), progress, intercept=True
    )


def pointwise(rows: TrainingRows, negative_weight: float = 1.0) -> Objective:
    """The mean logistic loss of the rows; a sampled product has the weight `negative_weight`."""
    signs = np.where(rows.grades > 0, 1.0, -1.0)
    weights = np.where(rows.unjudged, negative_weight, 1.0)
    weights /= weights.sum()

    def objective(scores: Doubles) -> tuple[float, Doubles]:
        margins = signs * scores
        return float(weights @ np.logaddexp(0.0, -margins)), -weights * signs / (1 + np.exp(np.minimum(margins, 500.0)))

    return objective
