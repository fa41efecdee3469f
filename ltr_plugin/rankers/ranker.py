"""What all rankers have in common: a feature set, local predictions, an export for the cluster, and a folder."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import Floats
from ltr_plugin.rankers.card import RankerCard, write_ranker
from ltr_plugin.rankers.export.exported_model import Export

Scores = npt.NDArray[np.float64]


class Ranker(Protocol):
    """A trained model that scores products from the values of their features."""

    @property
    def card(self) -> RankerCard:
        """How the ranker was trained: kind, feature set, data, settings and results."""

    @property
    def kind(self) -> str:
        """The kind of ranker, such as `lambdamart`."""

    @property
    def feature_set(self) -> FeatureSet:
        """The features that the ranker reads, in the order of the columns of `predict`."""

    def predict(self, values: Floats) -> Scores:
        """Scores, float64 (rows,), of float32 `values` (rows, features); a higher score ranks first, NaN counts as 0.

        All rows belong to one query, since some rankers compare the products of a query. `score_rows` takes the rows of
        several queries.
        """

    def export(self) -> Export:
        """The model in the form that the cluster's plugin accepts; ExportError when there is no such form."""

    def save(self, folder: Path) -> None:
        """Writes the ranker to a folder and replaces a ranker that is there.

        InputError when the folder holds something other than a ranker.
        """


@dataclass(frozen=True)
class BaseRanker:
    """A ranker made of a card and one model file. Subclasses add `predict`, `export`, `serialize` and `load`."""

    MODEL_FILE: ClassVar[str]
    """Name of the model file."""

    card: RankerCard

    @property
    def kind(self) -> str:
        """The kind of ranker."""
        return self.card.kind

    @property
    def feature_set(self) -> FeatureSet:
        """The features that the ranker reads."""
        return self.card.feature_set

    def save(self, folder: Path) -> None:
        """Writes the ranker to a folder and replaces a ranker that is there."""
        write_ranker(folder, self.card, self.MODEL_FILE, self.serialize())

    def serialize(self) -> bytes:
        """The content of the model file."""
        raise NotImplementedError


def model_name(ranker: Ranker, export: Export | None = None) -> str:
    """The name of a ranker's model in the cluster: feature set, kind, and a digest of what is uploaded.

    `export` is the ranker's export, for callers that have it already.
    """
    export = export or ranker.export()
    uploaded = [export.model(), export.with_derived_features(ranker.feature_set).digest]
    serialized = json.dumps(uploaded, sort_keys=True).encode()
    return f"{ranker.feature_set.id}.{ranker.kind}.{hashlib.blake2b(serialized, digest_size=5).hexdigest()}"


def score_rows(ranker: Ranker, values: Floats, queries: npt.NDArray[np.object_]) -> Scores:
    """Scores, float64 (rows,), of rows of several queries in any order; `queries` names the query of each row."""
    scores = np.empty(len(values))
    _, query_of_row = np.unique(queries.astype(str), return_inverse=True)
    order = np.argsort(query_of_row, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(query_of_row[order])) + 1):
        scores[rows] = ranker.predict(values[rows])
    return scores
