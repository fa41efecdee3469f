"""What every ranker is: a model over a feature set that predicts here and is exported to the cluster."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.rankers.card import Card

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Export:
    """A model in a form that an LTR plugin accepts.

    `definition` is JSON of that `type`. `features` are further features, in the plugin's form, that the model needs
    after those of the feature set. `normalizers` is the plugin's `feature_normalizers`.
    """

    type: Literal["model/xgboost+json", "model/linear"]
    definition: Any
    features: tuple[dict[str, object], ...] = ()
    normalizers: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)


class Ranker(Protocol):
    """A trained model. Its card says the kind, the feature set and how it was made."""

    @property
    def card(self) -> Card:
        """What it was made from."""

    @property
    def kind(self) -> str:
        """The card's kind."""

    @property
    def feature_set(self) -> FeatureSet:
        """The features that it reads, in the order of the columns of `predict`."""

    def predict(self, values: Floats) -> Scores:
        """Scores, float64 (rows,), higher is better, of float32 `values` (rows, features); missing values are 0."""

    def export(self) -> Export:
        """The model for the cluster."""

    def save(self, folder: Path) -> None:
        """Writes the ranker as a folder, in place of an earlier ranker there."""
