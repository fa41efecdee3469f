"""The fusion network: a tower for each modality, gates over the modalities present, and pairwise interactions."""

from itertools import combinations
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import presence_columns
from ltr_plugin.validation import StrictModel

MAX_LOGIT = 8.0
"""Gate logits are clamped to this magnitude; their exp stays within float32, so that the cluster computes the same."""

REST, INTERACTIONS = "rest", "interactions"
"""The names of the ungated tower, and of the component that holds all interactions."""


class Group(StrictModel):
    """The columns of a content modality: `columns` feed its tower; it is present where any of `evidence` is not 0."""

    columns: tuple[int, ...]
    evidence: tuple[int, ...]


class Layout(StrictModel):
    """Which columns of a feature set feed which part of the network.

    `groups` are the columns of each content modality. `context` are columns that describe the query alone; they are
    the same for all its products and feed every tower and gate. `rest` are columns of no content modality, such as
    price and sales; they have a tower without a gate.
    """

    groups: dict[str, Group]
    context: tuple[int, ...]
    rest: tuple[int, ...]

    @property
    def towers(self) -> tuple[str, ...]:
        """The names of the towers: the modalities, and `rest` if it has columns."""
        return (*self.groups, *((REST,) if self.rest else ()))

    def inputs(self, tower: str) -> tuple[int, ...]:
        """The columns that feed a tower."""
        return (*(self.rest if tower == REST else self.groups[tower].columns), *self.context)


def fusion_layout(features: FeatureSet) -> Layout:
    """The columns of a feature set, grouped by the modality of each feature."""
    evidence = presence_columns(features)
    context = _columns(features, "query")
    groups = {name: Group(columns=_columns(features, name), evidence=evidence[name]) for name in evidence}
    grouped = {*context, *(column for group in groups.values() for column in group.columns)}
    rest = tuple(column for column in range(len(features.feature_names)) if column not in grouped)
    return Layout(groups=groups, context=context, rest=rest)


def mlp_layout(features: FeatureSet) -> Layout:
    """All columns in one tower without a gate, which is a multi-layer perceptron."""
    return Layout(groups={}, context=(), rest=tuple(range(len(features.feature_names))))


def _columns(features: FeatureSet, modality: str) -> tuple[int, ...]:
    return tuple(column for column, feature in enumerate(features.features) if feature.modality == modality)


class FusionOutput(NamedTuple):
    """The output for rows of features; all tensors are (...,) but for `units`.

    `score` is the sum of `components`, which are the gated scores of the modalities, the ungated score `rest`, and
    `interactions`. `towers` are the scores before gating, `gates` the gates by modality, and `units` the hidden units
    of the towers, (..., units).
    """

    score: Tensor
    towers: dict[str, Tensor]
    gates: dict[str, Tensor]
    components: dict[str, Tensor]
    units: dict[str, Tensor]


class Tower(nn.Module):
    """One hidden layer and a direct path beside it: direct(x) + output(relu(hidden(x)))."""

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
    """score = sum of gate * tower over modalities + sum of gate * gate' * (cross . cross') over pairs of them + rest.

    The gates are a softmax over the modalities present in the row: an absent modality has the gate 0, and the gates of
    the others sum to 1. The interactions are those of a factorisation machine (Rendle, ICDM 2010) whose factors are
    linear in the hidden units of the towers.
    """

    def __init__(self, layout: Layout, units: int, cross_dim: int) -> None:
        """`units` is the number of hidden units of each tower, `cross_dim` the number of factors of each modality."""
        super().__init__()
        self.layout, self.units, self.cross_dim = layout, units, cross_dim
        context = len(layout.context)
        self.towers = nn.ModuleDict({name: Tower(len(layout.inputs(name)), units) for name in layout.towers})
        self.gates = nn.ModuleDict({name: nn.Linear(units + context, 1) for name in layout.groups})
        crossed = layout.groups if len(layout.groups) > 1 and cross_dim else ()
        self.crosses = nn.ModuleDict({name: nn.Linear(units, cross_dim, bias=False) for name in crossed})

    def forward(self, inputs: Tensor, present: Tensor) -> FusionOutput:
        """The output for standardised `inputs` (..., features); `present` (..., modalities) comes from `presence`."""
        units: dict[str, Tensor] = {}
        towers: dict[str, Tensor] = {}
        for name in self.layout.towers:
            tower, columns = self.tower(name), inputs[..., self.layout.inputs(name)]
            units[name] = tower.units(columns)
            towers[name] = tower.score(columns, units[name])
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
        """The layer that computes a modality's gate logit from its hidden units and the context."""
        return cast("nn.Linear", self.gates[name])

    def cross(self, name: str) -> nn.Linear:
        """The layer that computes a modality's interaction factors from its hidden units."""
        return cast("nn.Linear", self.crosses[name])

    def presence(self, values: Tensor) -> Tensor:
        """Which modalities are present, bool (..., modalities), in `values` (..., features) before standardising."""
        present = [(values[..., group.evidence] != 0).any(dim=-1) for group in self.layout.groups.values()]
        return torch.stack(present, dim=-1) if present else torch.zeros((*values.shape[:-1], 0), dtype=torch.bool)

    def _gates(self, inputs: Tensor, units: dict[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        if not self.gates:
            return {}
        context = inputs[..., self.layout.context]
        logits = [self.gate(name)(torch.cat([units[name], context], dim=-1)) for name in self.gates]
        weights = masked_softmax(torch.cat(logits, dim=-1).clamp(-MAX_LOGIT, MAX_LOGIT), present)
        return {name: weights[..., position] for position, name in enumerate(self.gates)}


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis where `mask` is true, and exactly 0 elsewhere, even where nothing is true."""
    odds = torch.exp(logits) * mask
    total = odds.sum(dim=-1, keepdim=True)
    # 1, not a tiny number: the gradient through its inverse would be infinite.
    return odds / torch.where(total > 0, total, 1.0)
