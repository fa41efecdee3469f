"""What each feature, and each modality, adds to a score: exact contributions that sum to it.

Trees have TreeSHAP (Lundberg et al. 2020, https://arxiv.org/abs/1905.04610). Any other ranker gets Owen values: Shapley
values of features within their modality, and of modalities among each other (Owen 1977), computed over all coalitions.
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
"""Rows that one modality's values may need: some 15 features in each of six modalities that differ from nothing."""


@runtime_checkable
class SupportsContributions(Protocol):
    """A ranker with contributions of its own."""

    def contributions(self, values: Floats) -> Scores:
        """float64 (rows, features + 1), the last column the score that is expected before any feature is known."""


@dataclass(frozen=True)
class Attribution:
    """A score as `base_value` plus what each feature adds. `modalities` names each feature's modality.

    `base_value` is what trees expect before they know anything, or the score of the row that others are compared with.
    """

    base_value: float
    features: Mapping[str, float]
    modalities: Mapping[str, str]

    @property
    def score(self) -> float:
        """The sum of it all."""
        return self.base_value + sum(self.features.values())

    def by_modality(self) -> dict[str, float]:
        """What each modality adds, in the order of the feature set."""
        sums: dict[str, float] = {}
        for name, value in self.features.items():
            sums[self.modalities[name]] = sums.get(self.modalities[name], 0.0) + value
        return sums

    def versus(self, other: "Attribution") -> dict[str, float]:
        """What each feature adds to the difference of two scores."""
        return {name: value - other.features[name] for name, value in self.features.items()}


def attribute(ranker: Ranker, values: Floats, background: Floats | None = None) -> Attribution:
    """The contributions to the score of one row, float32 (features,), with missing values as 0.

    Rankers that have no contributions of their own are compared with a `background` row, or one of zeros. InputError when
    too many features of one modality differ from it for their coalitions to be gone through.
    """
    features = ranker.feature_set.features
    modalities = {feature.name: str(feature.modality) for feature in features}
    row = zero_fill(values)
    if isinstance(ranker, SupportsContributions):
        *found, base_value = ranker.contributions(row[None])[0].tolist()
    else:
        background_row = np.zeros_like(row) if background is None else zero_fill(background)
        base_value = float(ranker.predict(background_row[None])[0])
        found = owen_values(ranker.predict, row, list(modalities.values()), background_row).tolist()
    return Attribution(base_value, dict(zip(modalities, found, strict=True)), modalities)


def owen_values(
    predict: Callable[[Floats], Scores], row: Floats, groups: list[str], background_row: Floats
) -> npt.NDArray[np.float64]:
    """What each feature of `row` adds to its score over that of the row `start`; float64 (features,).

    `groups` names the group of each feature. A feature that is as in `start` adds nothing and costs nothing.
    """
    active: list[int] = np.flatnonzero(row != background_row).tolist()
    members: dict[str, list[int]] = {}
    for place in active:
        members.setdefault(groups[place], []).append(place)
    values = np.zeros(len(row))
    for group, own in members.items():
        others = [places for name, places in members.items() if name != group]
        coalitions = 1 << (len(own) + len(others))
        if coalitions > MAX_COALITIONS:
            raise InputError("explain", f"{len(own)} features of {group} are too many; {coalitions:,} rows to score")
        present = np.zeros((coalitions, len(row)), dtype=bool)
        bits = np.arange(coalitions)
        for bit, places in enumerate([*([place] for place in own), *others]):
            present[:, places] = (bits >> bit & 1).astype(bool)[:, None]
        scores = predict(np.where(present, row, background_row))
        inside, outside = (
            _members_present(bits, range(len(own))),
            _members_present(bits, range(len(own), len(own) + len(others))),
        )
        for bit, place in enumerate(own):
            without = np.flatnonzero(bits >> bit & 1 == 0)
            weight = _shapley_weights(len(own))[inside[without]] * _shapley_weights(len(others) + 1)[outside[without]]
            values[place] = float(weight @ (scores[without | 1 << bit] - scores[without]))
    return values


def _members_present(sets: npt.NDArray[np.int64], bits: Iterable[int]) -> npt.NDArray[np.int64]:
    """How many of these bits each of the sets has."""
    return sum((sets >> bit & 1 for bit in bits), start=np.zeros_like(sets))


def _shapley_weights(count: int) -> npt.NDArray[np.float64]:
    """By its size, the chance that a coalition is what comes before one of `count` players in a random order."""
    return np.array([factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)])
