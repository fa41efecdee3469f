"""Exact contributions of features and modalities to a score; they sum to the score.

Trees have TreeSHAP (Lundberg et al., From local explanations to global understanding with explainable AI for trees,
2020, https://arxiv.org/abs/1905.04610). Other rankers get Owen values (Owen, Values of games with a priori unions,
1977): Shapley values of the features within their modality, and of the modalities among each other, computed over all
coalitions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import factorial
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import Floats, zero_fill
from ltr_plugin.rankers.ranker import Ranker, Scores

MAX_COALITIONS = 1 << 20
"""Maximum number of coalitions for one modality: enough for 15 features in each of six modalities."""


@runtime_checkable
class SupportsContributions(Protocol):
    """A ranker that computes contributions itself."""

    def contributions(self, values: Floats) -> Scores:
        """Contributions, float64 (rows, features + 1); the last column is the expected score, and a row sums to it."""


@dataclass(frozen=True)
class Attribution:
    """A score as the sum of `base_value` and the contribution of each feature.

    `base_value` is the score that trees expect without knowing any feature, or the score of the background row.
    `modalities` gives the modality of each feature.
    """

    base_value: float
    features: Mapping[str, float]
    modalities: Mapping[str, str]

    @property
    def score(self) -> float:
        """The score, which is the sum of all contributions and the base value."""
        return self.base_value + sum(self.features.values())

    def by_modality(self) -> dict[str, float]:
        """The sum of the contributions of each modality's features, in the order of the feature set."""
        sums: dict[str, float] = {}
        for name, value in self.features.items():
            sums[self.modalities[name]] = sums.get(self.modalities[name], 0.0) + value
        return sums

    def versus(self, other: "Attribution") -> dict[str, float]:
        """The contribution of each feature to the difference between this score and another one."""
        return {name: value - other.features[name] for name, value in self.features.items()}


def attribute(ranker: Ranker, values: Floats, background: Floats | None = None) -> Attribution:
    """The contributions to the score of one row, float32 (features,), with missing values as 0.

    A ranker without contributions of its own is explained relative to the `background` row, or to a row of zeros.
    InputError when one modality has too many features that differ from the background.
    """
    modalities = {feature.name: str(feature.modality) for feature in ranker.feature_set.features}
    row = zero_fill(values)
    if isinstance(ranker, SupportsContributions):
        *contributions, base_value = ranker.contributions(row[None])[0].tolist()
    else:
        background_row = np.zeros_like(row) if background is None else zero_fill(background)
        base_value = float(ranker.predict(background_row[None])[0])
        contributions = owen_values(ranker.predict, row, list(modalities.values()), background_row).tolist()
    return Attribution(base_value, dict(zip(modalities, contributions, strict=True)), modalities)


def owen_values(
    predict: Callable[[Floats], Scores], row: Floats, groups: list[str], background_row: Floats
) -> npt.NDArray[np.float64]:
    """The Owen value of each feature of `row`, float64 (features,); they sum to the score minus the background's score.

    `groups` gives the group of each feature. In a coalition, features that are not members have their background value,
    so a feature equal to the background has the value 0 and costs nothing.
    """
    active: list[int] = np.flatnonzero(row != background_row).tolist()
    members: dict[str, list[int]] = {}
    for feature in active:
        members.setdefault(groups[feature], []).append(feature)
    values = np.zeros(len(row))
    for group, own in members.items():
        # The players are the features of this group, then the other groups, each as a whole.
        others = [features for name, features in members.items() if name != group]
        count = 1 << (len(own) + len(others))
        if count > MAX_COALITIONS:
            raise InputError(
                "explain", f"{len(own)} features of {group} differ from the background, which needs {count:,} scores"
            )
        coalitions = np.arange(count)
        present = np.zeros((count, len(row)), dtype=bool)
        for player, features in enumerate([*([feature] for feature in own), *others]):
            present[:, features] = (coalitions >> player & 1).astype(bool)[:, None]
        scores = predict(np.where(present, row, background_row))
        own_size = _size(coalitions, range(len(own)))
        others_size = _size(coalitions, range(len(own), len(own) + len(others)))
        for player, feature in enumerate(own):
            without = np.flatnonzero(coalitions >> player & 1 == 0)
            weight = (
                _shapley_weights(len(own))[own_size[without]] * _shapley_weights(len(others) + 1)[others_size[without]]
            )
            values[feature] = float(weight @ (scores[without | 1 << player] - scores[without]))
    return values


def _size(coalitions: npt.NDArray[np.int64], players: Iterable[int]) -> npt.NDArray[np.int64]:
    """How many of these players each coalition has; a coalition is an integer with a bit for each player."""
    return sum((coalitions >> player & 1 for player in players), start=np.zeros_like(coalitions))


def _shapley_weights(players: int) -> npt.NDArray[np.float64]:
    """For each size, the probability that a coalition of that size precedes a given player in a random order."""
    return np.array([factorial(size) * factorial(players - size - 1) / factorial(players) for size in range(players)])
