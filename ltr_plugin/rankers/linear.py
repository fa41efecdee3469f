"""Weighted sums of features: baselines whose weights can be read one by one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import make_card, read_model
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.ranker import BaseRanker, Scores
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.rankers.training.settings import NEGATIVE_WEIGHT
from ltr_plugin.validation import StrictModel, decode, parse_json

KINDS = ("linear", "logistic", "svm")
"""Kinds of linear rankers, which differ in their loss: listwise, pointwise (logistic regression), pairwise (SVM)."""
MODEL = "weights.json"

Doubles = npt.NDArray[np.float64]
Objective = Callable[[Doubles], tuple[float, Doubles]]
"""From scores, float64 (rows,), to the loss and its gradient by score."""
Bounds = tuple[float | None, float | None]
"""The lowest and highest value that a weight may have; None where there is no limit."""
_BOUNDS_OF_MONOTONICITY: dict[int, Bounds] = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
"""The bounds of a weight for the monotone constraint of its feature."""


class LinearSettings(StrictModel):
    """Settings of `linear`, `logistic` and `svm`."""

    l2: FiniteFloat = Field(
        default=1e-3, ge=0, description="L2 regularisation of the weights of standardised features."
    )
    negative_weight: FiniteFloat = NEGATIVE_WEIGHT
    max_iter: int = Field(default=500, ge=1, description="Maximum number of iterations of the optimiser (L-BFGS-B).")


@dataclass(frozen=True)
class LinearRanker(BaseRanker):
    """One weight for each feature, rounded to float32, and a card."""

    MODEL_FILE = MODEL

    weights: dict[str, float]

    def predict(self, values: Floats) -> Scores:
        """Weighted sums in double precision, float64 (rows,), of float32 `values` (rows, features); NaN is 0."""
        zero_filled = zero_fill(values).astype(np.float64)
        scores: Scores = zero_filled @ np.array([self.weights[name] for name in self.feature_set.feature_names])
        return scores

    def export(self) -> Export:
        """The weighted sum."""
        return Export.of_sum(self.weights, prefix=self.kind)

    def serialize(self) -> bytes:
        """The weights as a JSON object."""
        return _serialize(self.weights)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when there is none of this kind, or it is damaged."""
        card, model = read_model(folder, MODEL, *KINDS)
        source = str(folder / MODEL)
        weights = decode(dict[str, FiniteFloat], parse_json(model, source=source), source=source)
        if set(weights) != set(card.feature_set.feature_names):
            raise InputError(source, f"has weights of other features than its feature set {card.feature_set_id!r}")
        return cls(card, weights)


def train_linear(
    table: FeatureTable, settings: LinearSettings | None = None, *, progress: Progress = no_progress
) -> LinearRanker:
    """A weighted sum trained with a listwise loss.

    The loss is the cross entropy of the softmax of a query's scores against its gains 2**grade - 1, scaled to sum to 1
    (Bruch, An Alternative Cross Entropy Loss for Learning-to-Rank, 2021, without its perturbation). It is the top-one
    loss of ListNet (Cao et al., ICML 2007) with another gain than exp(grade). The same rows give the same weights.
    InputError when the grades do not allow training.
    """
    settings = settings or LinearSettings()
    rows = TrainingRows.of(table)
    return fit_weights("linear", table, rows, settings, listwise(rows, settings.negative_weight), progress)


def fit_weights(
    kind: str,
    table: FeatureTable,
    rows: TrainingRows,
    settings: LinearSettings,
    objective: Objective,
    progress: Progress = no_progress,
    *,
    intercept: bool = False,
) -> LinearRanker:
    """The weighted sum whose scores minimise a convex objective, under the features' monotone constraints.

    With `intercept` a constant is fitted as well and then dropped, since it does not change the order of products.
    """
    values = rows.values.astype(np.float64)
    std = values.std(axis=0)
    used = std > 0
    standardised = np.where(used, (values - values.mean(axis=0)) / np.where(used, std, 1.0), 0.0)
    bounds = [_BOUNDS_OF_MONOTONICITY[constraint] for constraint in table.feature_set.monotone_constraints]
    if intercept:
        standardised, bounds = np.column_stack([standardised, np.ones(len(rows))]), [*bounds, (None, None)]
    minimum = minimise(objective, standardised, settings.l2, bounds, settings.max_iter, progress)
    coefficients = np.where(used, minimum.coefficients[: len(used)], 0.0)
    raw = (coefficients / np.where(used, std, 1.0)).astype(np.float32)
    weights = {name: float(weight) for name, weight in zip(table.feature_names, raw, strict=True)}
    card = make_card(
        kind,
        table,
        _serialize(weights),
        queries=len(rows.queries),
        rows=len(rows),
        settings=settings.model_dump(),
        results={"loss": minimum.loss, "iterations": minimum.iterations},
        importance={name: abs(float(value)) for name, value in zip(table.feature_names, coefficients, strict=True)},
        notes=(*rows.notes, *minimum.notes),
        libraries=("scipy",),
    )
    return LinearRanker(card, weights)


@dataclass(frozen=True)
class Minimum:
    """Coefficients, float64 (columns,), with the lowest loss that the optimiser reached."""

    coefficients: Doubles
    loss: float
    iterations: int
    notes: tuple[str, ...]


def minimise(
    objective: Objective,
    standardised: Doubles,
    l2: float,
    bounds: list[Bounds],
    max_iter: int,
    progress: Progress = no_progress,
) -> Minimum:
    """Minimises objective(standardised @ coefficients) + l2 / 2 * |coefficients|**2 by L-BFGS-B, within the bounds."""
    from scipy.optimize import minimize

    def loss(coefficients: Doubles) -> tuple[float, Doubles]:
        # einsum, not @: a threaded BLAS adds in an order that depends on the machine, and is slow on a busy one.
        value, by_score = objective(np.einsum("rf,f->r", standardised, coefficients))
        gradient = np.einsum("rf,r->f", standardised, by_score)
        return value + l2 * float(coefficients @ coefficients) / 2, gradient + l2 * coefficients

    done = count(1)

    def on_iteration(_coefficients: Doubles) -> None:
        progress(next(done))

    options = {"maxiter": max_iter}
    start = np.zeros(standardised.shape[1])
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options, callback=on_iteration)
    notes = () if result.success else (f"stopped early: {result.message}",)
    return Minimum(result.x, float(result.fun), int(result.nit), notes)


def listwise(rows: TrainingRows, negative_weight: float = 1.0) -> Objective:
    """The listwise objective of `train_linear`, as a mean over queries.

    A sampled product counts `negative_weight` times in the sum of the softmax.
    """
    gains = np.exp2(rows.grades.astype(np.float64)) - 1
    targets = gains / np.add.reduceat(gains, rows.starts)[rows.query_of_row]
    offsets = np.where(rows.unjudged, np.log(negative_weight), 0.0)
    count = len(rows.queries)

    def objective(scores: Doubles) -> tuple[float, Doubles]:
        scores = scores + offsets
        scores -= np.maximum.reduceat(scores, rows.starts)[rows.query_of_row]
        exponentials = np.exp(scores)
        sums = np.add.reduceat(exponentials, rows.starts)
        probabilities = exponentials / sums[rows.query_of_row]
        return float(np.log(sums).sum() - targets @ scores) / count, (probabilities - targets) / count

    return objective


def _serialize(weights: dict[str, float]) -> bytes:
    return (json.dumps(weights, indent=2) + "\n").encode()
