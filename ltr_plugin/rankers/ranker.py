"""What every ranker is: a model over a feature set that predicts here and is exported to the cluster."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived
from ltr_plugin.rankers.card import RankerCard, write_ranker
from ltr_plugin.rankers.export.parity import TOLERANCE

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Export:
    """A model in a form that an LTR plugin accepts.

    `definition` is JSON of that `type`. `derived` are further features that the model needs after those of its feature
    set, such as a network's units. `normalizers` is the plugin's `feature_normalizers`. `tolerance` is how far the
    cluster's scores may be from the local ones (see `parity`).
    """

    type: Literal["model/xgboost+json", "model/linear"]
    definition: Any
    derived: tuple[Derived, ...] = ()
    normalizers: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    tolerance: float = TOLERANCE

    def model(self) -> dict[str, Any]:
        """The plugin's `model` object."""
        return {"type": self.type, "definition": self.definition, "feature_normalizers": self.normalizers}

    def with_derived_features(self, features: FeatureSet) -> FeatureSet:
        """The features that the model is served with: those it was trained on, then its own."""
        if not self.derived:
            return features
        return FeatureSet(name=features.name, version=features.version, features=(*features.features, *self.derived))


class Ranker(Protocol):
    """A trained model. Its card says the kind, the feature set and how it was made."""

    @property
    def card(self) -> RankerCard:
        """What it was made from."""

    @property
    def kind(self) -> str:
        """The card's kind."""

    @property
    def feature_set(self) -> FeatureSet:
        """The features that it reads, in the order of the columns of `predict`."""

    def predict(self, values: Floats) -> Scores:
        """Scores, float64 (rows,), higher is better, of float32 `values` (rows, features); missing values are 0.

        The rows of one query: a ranker may compare them with each other (`score_rows` takes those of many).
        """

    def export(self) -> Export:
        """The model for the cluster; ExportError when the plugin cannot express it."""

    def save(self, folder: Path) -> None:
        """Writes the ranker as a folder, in place of an earlier ranker there."""


@dataclass(frozen=True)
class BaseRanker:
    """What rankers share that are a card and one model file. A subclass predicts, exports, and is loaded in its own
    way."""

    MODEL_FILE: ClassVar[str]
    """The name of its model file."""

    card: RankerCard

    @property
    def kind(self) -> str:
        """See Ranker."""
        return self.card.kind

    @property
    def feature_set(self) -> FeatureSet:
        """See Ranker."""
        return self.card.feature_set

    def save(self, folder: Path) -> None:
        """See Ranker."""
        write_ranker(folder, self.card, self.MODEL_FILE, self.serialize())

    def serialize(self) -> bytes:
        """The content of the model file."""
        raise NotImplementedError


def model_name(ranker: Ranker, export: Export | None = None) -> str:
    """The name that a ranker has in a cluster: its feature set, its kind, and a digest of what is uploaded.

    `export` is the ranker's own, for callers that have it already.
    """
    export = export or ranker.export()
    uploaded = [export.model(), export.with_derived_features(ranker.feature_set).digest]
    serialized = json.dumps(uploaded, sort_keys=True).encode()
    return f"{ranker.feature_set.id}.{ranker.kind}.{hashlib.blake2b(serialized, digest_size=5).hexdigest()}"


def score_rows(ranker: Ranker, values: Floats, queries: npt.NDArray[np.object_]) -> Scores:
    """The scores of rows of many queries, (rows,); rows of one query stand together or apart."""
    scores = np.empty(len(values))
    _, query_of_row = np.unique(queries.astype(str), return_inverse=True)
    order = np.argsort(query_of_row, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(query_of_row[order])) + 1):
        scores[rows] = ranker.predict(values[rows])
    return scores
