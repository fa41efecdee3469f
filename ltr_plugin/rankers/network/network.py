"""The fusion network: a tower per modality, gates over those present, pairwise cross terms, one score."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import presence_columns
from ltr_plugin.validation import StrictModel

MAX_LOGIT = 8.0
"""Gates are cut off there: exp of it is far from float32's ends, so that the cluster computes the same gates."""


REST = "rest"
INTERACTIONS = "interactions"


class Group(StrictModel):
    """A content modality's columns: those its tower reads, and those that tell whether it is present."""

    columns: tuple[int, ...]
    evidence: tuple[int, ...]


class Layout(StrictModel):
    """Which columns of a feature set feed which part of the network.

    `context` are the query's own columns: the same for every product, they reach every tower and gate. `rest` are the
    columns that belong to no content modality, such as price and sales; they are never gated.
    """

    groups: dict[str, Group]
    context: tuple[int, ...]
    rest: tuple[int, ...]

    @property
    def towers(self) -> tuple[str, ...]:
        """The names of the towers: the modalities, and `rest` where there are other columns."""
        return (*self.groups, *((REST,) if self.rest else ()))

    def inputs(self, tower: str) -> tuple[int, ...]:
        """The columns that a tower reads."""
        return (*(self.rest if tower == REST else self.groups[tower].columns), *self.context)


def fusion_layout(features: FeatureSet) -> Layout:
    """The columns grouped by the modality that each feature states."""
    telling = presence_columns(features)
    context = _columns(features, ("query",))
    groups = {name: Group(columns=_columns(features, (name,)), evidence=telling[name]) for name in telling}
    taken = {column for group in groups.values() for column in group.columns}
    rest = tuple(place for place in range(len(features.feature_names)) if place not in taken and place not in context)
    return Layout(groups=groups, context=context, rest=rest)


def mlp_layout(features: FeatureSet) -> Layout:
    """All columns in one ungated tower: a multi-layer perceptron."""
    return Layout(groups={}, context=(), rest=tuple(range(len(features.feature_names))))


def _columns(features: FeatureSet, modalities: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, feature in enumerate(features.features) if feature.modality in modalities)


class FusionOutput(NamedTuple):
    """What the network makes of rows, each (...,): `score` is the sum of `components`.

    `towers` are the towers' scores and `gates` the gates, by modality; `components` is their product, and beside them
    `interactions` (the cross terms) and `rest`. `units` are the towers' hidden units, (..., units).
    """

    score: Tensor
    towers: dict[str, Tensor]
    gates: dict[str, Tensor]
    components: dict[str, Tensor]
    units: dict[str, Tensor]


class Tower(nn.Module):
    """One hidden layer beside a direct path: direct . x + output . relu(hidden x + bias) + constant."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, units)
        self.output = nn.Linear(units, 1)
        self.direct = nn.Linear(inputs, 1, bias=False)

    def units(self, inputs: Tensor) -> Tensor:
        """The hidden units, (..., units)."""
        return torch.relu(self.hidden(inputs))

    def score(self, inputs: Tensor, units: Tensor) -> Tensor:
        """The tower's score, (...,)."""
        total: Tensor = self.direct(inputs) + self.output(units)
        return total.squeeze(-1)


class FusionNetwork(nn.Module):
    """score = sum of gate * tower over modalities + sum of gate * gate' * (cross . cross') over pairs + rest.

    The gates are a softmax over the modalities present in the row, so that an absent one has exactly 0 and, where any
    is present, they sum to 1. The cross terms are a factorisation machine's over towers (Rendle, ICDM 2010).
    """

    def __init__(self, layout: Layout, units: int, crosses: int) -> None:
        """`units` in each tower; `crosses` numbers of each modality are multiplied with those of the others."""
        super().__init__()
        self.layout, self.units, self.cross_dim = layout, units, crosses
        context = len(layout.context)
        self.towers = nn.ModuleDict({name: Tower(len(layout.inputs(name)), units) for name in layout.towers})
        self.gates = nn.ModuleDict({name: nn.Linear(units + context, 1) for name in layout.groups})
        crossed = layout.groups if len(layout.groups) > 1 and crosses else ()
        self.crosses = nn.ModuleDict({name: nn.Linear(units, crosses, bias=False) for name in crossed})

    def forward(self, inputs: Tensor, present: Tensor) -> FusionOutput:
        """Scores of `inputs` (..., features), with `present` (..., modalities) as `presence` gives it."""
        units: dict[str, Tensor] = {}
        towers: dict[str, Tensor] = {}
        for name in self.layout.towers:
            tower, seen = self.tower(name), inputs[..., self.layout.inputs(name)]
            units[name] = tower.units(seen)
            towers[name] = tower.score(seen, units[name])
        gates = self._gates(inputs, units, present)
        components = {name: gates[name] * score if name in gates else score for name, score in towers.items()}
        crosses = {name: gates[name][..., None] * self.cross(name)(units[name]) for name in self.crosses}
        for first, second in combinations(crosses, 2):
            components[INTERACTIONS] = components.get(INTERACTIONS, 0) + (crosses[first] * crosses[second]).sum(dim=-1)
        score = sum(components.values(), torch.zeros(inputs.shape[:-1], dtype=inputs.dtype))
        return FusionOutput(score, towers, gates, components, units)

    def tower(self, name: str) -> Tower:
        """The tower of a modality, or of `rest`."""
        return cast("Tower", self.towers[name])

    def gate(self, name: str) -> nn.Linear:
        """What makes a modality's logit from its units and the context."""
        return cast("nn.Linear", self.gates[name])

    def cross(self, name: str) -> nn.Linear:
        """What makes the numbers that are multiplied with other modalities' from a modality's units."""
        return cast("nn.Linear", self.crosses[name])

    def presence(self, values: Tensor) -> Tensor:
        """Which modalities are present, bool (..., modalities), in rows of values as the cluster sees them."""
        found = [(values[..., group.evidence] != 0).any(dim=-1) for group in self.layout.groups.values()]
        return torch.stack(found, dim=-1) if found else torch.zeros((*values.shape[:-1], 0), dtype=torch.bool)

    def _gates(self, inputs: Tensor, units: dict[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        if not self.gates:
            return {}
        context = inputs[..., self.layout.context]
        logits = [self.gate(name)(torch.cat([units[name], context], dim=-1)) for name in self.gates]
        weights = masked_softmax(torch.cat(logits, dim=-1).clamp(-MAX_LOGIT, MAX_LOGIT), present)
        return {name: weights[..., place] for place, name in enumerate(self.gates)}


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis where `mask` is true, exactly 0 elsewhere, and all 0 where nothing is true."""
    odds = torch.exp(logits) * mask
    total = odds.sum(dim=-1, keepdim=True)
    # Not over the smallest number, whose inverse times a gradient is infinite.
    return odds / torch.where(total > 0, total, 1.0)
