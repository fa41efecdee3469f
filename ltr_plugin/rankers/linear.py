"""A weighted sum of features: the ranker to beat, and one that anybody can read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import make_card, read_model
from ltr_plugin.rankers.ranker import BaseRanker, Export, Scores
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.validation import StrictModel, decode

KINDS = ("linear", "logistic", "svm")
"""Weighted sums that differ in what their weights minimise."""
MODEL = "weights.json"

Doubles = npt.NDArray[np.float64]
Objective = Callable[[Doubles], tuple[float, Doubles]]
"""Of scores, float64 (rows,): the loss and its derivative by each score."""


class LinearSettings(StrictModel):
    """`l2` pulls the weights of the standardised features to zero; `negative_weight` as for LambdaMART."""

    l2: Annotated[FiniteFloat, Field(ge=0)] = 1e-3
    negative_weight: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    max_iter: Annotated[int, Field(ge=1)] = 500


Bounds = tuple[float | None, float | None]
"""The least and the most that a weight may be, where there is one."""
_BOUNDS_OF_MONOTONICITY: dict[int, Bounds] = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
"""What a feature's direction leaves to its weight."""


@dataclass(frozen=True)
class LinearRanker(BaseRanker):
    """One float32 weight for each feature, and a card."""

    MODEL_FILE = MODEL

    weights: dict[str, float]

    def predict(self, values: Floats) -> Scores:
        """See Ranker. The sum in double precision."""
        zero_filled = zero_fill(values).astype(np.float64)
        scores: Scores = zero_filled @ np.array([self.weights[name] for name in self.feature_set.feature_names])
        return scores

    def export(self) -> Export:
        """See Ranker. The cluster adds in float32."""
        return Export("model/linear", dict(self.weights))

    def serialize(self) -> bytes:
        """See CardedRanker."""
        return _serialize(self.weights)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when it is none or is damaged."""
        card, model = read_model(folder, MODEL, *KINDS)
        try:
            weights = decode(dict[str, FiniteFloat], json.loads(model), source=str(folder / MODEL))
        except ValueError as error:
            raise InputError(str(folder / MODEL), f"no JSON: {error}") from None
        if set(weights) != set(card.feature_set.feature_names):
            raise InputError(str(folder / MODEL), f"has weights of other features than its set {card.feature_set_id!r}")
        return cls(card, weights)


def train_linear(
    table: FeatureTable, settings: LinearSettings | None = None, *, progress: Progress = no_progress
) -> LinearRanker:
    """The weights that minimise a listwise loss, the same again for the same rows; InputError as for LambdaMART.

    The loss is the cross entropy of softmax(scores) from gains 2**grade - 1, each shared out over a query's products
    (Bruch, An Alternative Cross Entropy Loss for Learning-to-Rank, 2021, without its perturbation; ListNet's top-one
    loss, Cao et al. 2007, has exp(grade) for the gain).
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
    """The weighted sum whose scores minimise a convex objective, within the directions that features state.

    With `intercept` the objective sees scores with a constant added, which changes no order and is left out after.
    """
    values = rows.values.astype(np.float64)
    std = values.std(axis=0)
    used = std > 0
    standardised = np.where(used, (values - values.mean(axis=0)) / np.where(used, std, 1.0), 0.0)
    bounds = [_BOUNDS_OF_MONOTONICITY[direction] for direction in table.feature_set.monotone_constraints]
    if intercept:
        standardised, bounds = np.column_stack([standardised, np.ones(len(rows))]), [*bounds, (None, None)]
    found = minimise(objective, standardised, settings.l2, bounds, settings.max_iter, progress)
    coefficients = np.where(used, found.coefficients[: len(used)], 0.0)
    raw = (coefficients / np.where(used, std, 1.0)).astype(np.float32)
    weights = {name: float(weight) for name, weight in zip(table.feature_names, raw, strict=True)}
    card = make_card(
        kind,
        table,
        _serialize(weights),
        queries=len(rows.queries),
        rows=len(rows),
        settings=settings.model_dump(),
        results={"loss": found.loss, "iterations": found.iterations},
        importance={name: abs(float(value)) for name, value in zip(table.feature_names, coefficients, strict=True)},
        notes=(*rows.notes, *found.notes),
        libraries=("scipy",),
    )
    return LinearRanker(card, weights)


@dataclass(frozen=True)
class Minimum:
    """The strengths of columns, float64 (columns,), at the least loss that was found."""

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
    """The weights of standardised columns that minimise objective(columns @ weights) + l2 / 2 * |weights|**2."""
    from scipy.optimize import minimize

    def loss(coefficients: Doubles) -> tuple[float, Doubles]:
        # einsum, not @: a threaded BLAS adds in an order that depends on the machine, and stalls on busy ones.
        value, by_score = objective(np.einsum("rf,f->r", standardised, coefficients))
        gradient = np.einsum("rf,r->f", standardised, by_score)
        return value + l2 * float(coefficients @ coefficients) / 2, gradient + l2 * coefficients

    done = count(1)

    def on_iteration(_coefficients: Doubles) -> None:
        progress(next(done))

    options = {"maxiter": max_iter}
    start = np.zeros(standardised.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options, callback=on_iteration)
    notes = () if found.success else (f"stopped early: {found.message}",)
    return Minimum(found.x, float(found.fun), int(found.nit), notes)


def listwise(rows: TrainingRows, negative_weight: float = 1.0) -> Objective:
    """The mean over queries of the cross entropy of softmax(scores) from each product's share of its query's gains.

    A sampled row weighs `negative_weight` in the softmax.
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
