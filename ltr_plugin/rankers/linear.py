"""A weighted sum of features: the ranker to beat, and one that anybody can read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat

from ltr_plugin.decoding import Form, decode
from ltr_plugin.errors import InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.rankers.card import Card, feature_set_of, make_card, read_model, write_ranker
from ltr_plugin.rankers.ranker import Export, Scores
from ltr_plugin.rankers.training_rows import TrainingRows

KIND = "linear"
MODEL = "weights.json"


class LinearSettings(Form):
    """`l2` pulls the weights of the standardised features to zero; `negative_weight` as for LambdaMART."""

    l2: Annotated[FiniteFloat, Field(ge=0)] = 1e-3
    negative_weight: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    iterations: Annotated[int, Field(ge=1)] = 500


_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
"""What a feature's direction leaves to its weight."""


@dataclass(frozen=True)
class LinearRanker:
    """One float32 weight for each feature, and a card."""

    card: Card
    weights: dict[str, float]

    @property
    def kind(self) -> str:
        """`linear`."""
        return self.card.kind

    @property
    def feature_set(self) -> FeatureSet:
        """See Ranker."""
        return self.card.feature_set

    def predict(self, values: Floats) -> Scores:
        """See Ranker. The sum in double precision."""
        total = np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0).astype(np.float64)
        scores: Scores = total @ np.array([self.weights[name] for name in self.feature_set.names])
        return scores

    def export(self) -> Export:
        """See Ranker. The cluster adds in float32."""
        return Export("model/linear", dict(self.weights))

    def save(self, folder: Path) -> None:
        """See Ranker."""
        write_ranker(folder, self.card, MODEL, _packed(self.weights))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when it is none or is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        try:
            weights = decode(dict[str, FiniteFloat], json.loads(model), source=str(folder / MODEL))
        except ValueError as error:
            raise InputError(str(folder / MODEL), f"no JSON: {error}") from None
        if set(weights) != set(card.feature_set.names):
            raise InputError(str(folder / MODEL), f"has weights of other features than its set {card.feature_set_id!r}")
        return cls(card, weights)


def train_linear(table: FeatureTable, settings: LinearSettings | None = None) -> LinearRanker:
    """The weights that minimise a listwise loss, the same again for the same rows; InputError as for LambdaMART.

    The loss is the cross entropy of softmax(scores) from gains 2**grade - 1, each shared out over a query's products
    (Bruch, An Alternative Cross Entropy Loss for Learning-to-Rank, 2021, without its perturbation; ListNet's top-one
    loss, Cao et al. 2007, has exp(grade) for the gain). It is convex, so the start does not matter.
    """
    from scipy.optimize import minimize

    settings = settings or LinearSettings()
    rows = TrainingRows.of(table)
    values = rows.values.astype(np.float64)
    spread = values.std(axis=0)
    used = spread > 0
    standard = np.where(used, (values - values.mean(axis=0)) / np.where(used, spread, 1.0), 0.0)
    found = minimize(
        _loss,
        np.zeros(len(table.names)),
        args=(standard, rows, _targets(rows, settings.negative_weight), settings.l2),
        jac=True,
        method="L-BFGS-B",
        bounds=[_BOUNDS[direction] for direction in feature_set_of(table).directions],
        options={"maxiter": settings.iterations},
    )
    strength = np.where(used, found.x, 0.0)
    raw = (strength / np.where(used, spread, 1.0)).astype(np.float32)
    weights = {name: float(weight) for name, weight in zip(table.names, raw, strict=True)}
    card = make_card(
        KIND,
        table,
        _packed(weights),
        queries=len(rows.queries),
        rows=len(rows),
        settings=settings.model_dump(),
        results={"loss": float(found.fun), "iterations": int(found.nit)},
        importance={name: abs(float(value)) for name, value in zip(table.names, strength, strict=True)},
        notes=rows.notes if found.success else (*rows.notes, f"stopped early: {found.message}"),
        libraries=("scipy",),
    )
    return LinearRanker(card, weights)


def _packed(weights: dict[str, float]) -> bytes:
    return (json.dumps(weights, indent=2) + "\n").encode()


def _targets(rows: TrainingRows, negative_weight: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Each row's share of its query's gains, and the logarithm of its weight in the softmax."""
    gains = np.exp2(rows.grades.astype(np.float64)) - 1
    shares = gains / np.add.reduceat(gains, rows.starts)[rows.query_of_row]
    return shares, np.where(rows.sampled, np.log(negative_weight), 0.0)


def _loss(
    strength: npt.NDArray[np.float64],
    standard: npt.NDArray[np.float64],
    rows: TrainingRows,
    targets: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    l2: float,
) -> tuple[float, npt.NDArray[np.float64]]:
    shares, offsets = targets
    # einsum, not @: a threaded BLAS adds in an order that depends on the machine, and stalls on busy ones.
    scores = np.einsum("rf,f->r", standard, strength) + offsets
    scores -= np.maximum.reduceat(scores, rows.starts)[rows.query_of_row]
    exponentials = np.exp(scores)
    sums = np.add.reduceat(exponentials, rows.starts)
    chances = exponentials / sums[rows.query_of_row]
    count = len(rows.queries)
    loss = float(np.log(sums).sum() - shares @ scores) / count
    gradient = np.einsum("rf,r->f", standard, chances - shares) / count
    return loss + l2 * float(strength @ strength) / 2, gradient + l2 * strength
