"""Compiles a fusion network to derived features that the cluster's plugin computes.

With the prefix `fusion` and the modalities text and image, the features are these; each is an expression in double
precision, rounded to float32:

- `fusion_text_1`, ...: the hidden units of the tower;
- `fusion_odds_text`: exp of the gate's logit where text is present, else 0;
- `fusion_gate_text`: the gate, which is these odds divided by the sum of the odds of all modalities;
- `fusion_text`: the gate times the score of the tower; `fusion_rest` is the score of the ungated tower;
- `fusion_interactions`: the interactions of all pairs of modalities.

The score is `fusion_text + fusion_image + fusion_interactions + fusion_rest`, so that logged features explain it.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from torch import Tensor

from ltr_plugin.features.expressions import number, weighted_sum
from ltr_plugin.features.feature import FeatureModality
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import CompiledExpression, Derived
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.network.network import INTERACTIONS, MAX_LOGIT, REST, FusionNetwork

Term = tuple[float, str]


def compile_network(network: FusionNetwork, features: FeatureSet, prefix: str) -> Export:
    """The compiled form of a network that takes values without standardising; weights of 0 are left out.

    ExportError when an expression has more terms than the plugin accepts.
    """
    derived = tuple(_Compiler(network, features.feature_names, prefix).features())
    components = [*network.layout.towers, *([INTERACTIONS] if network.crosses else [])]
    return Export.of_sum({f"{prefix}_{component}": 1.0 for component in components}, derived, prefix=prefix)


class _Compiler:
    def __init__(self, network: FusionNetwork, names: tuple[str, ...], prefix: str) -> None:
        self.network, self.names, self.prefix = network, names, prefix
        self.layout = network.layout

    def features(self) -> Iterator[Derived]:
        """All compiled features, each after those that it reads."""
        for tower in self.layout.towers:
            yield from self._units(tower)
        several = len(self.layout.groups) > 1
        for modality in self.layout.groups if several else ():
            yield self._feature(f"odds_{modality}", modality, self._exponential(modality))
        for modality in self.layout.groups:
            gate_value = self._gate_expression(modality) if several else f"{self._present(modality)} ? 1 : 0"
            yield self._feature(f"gate_{modality}", modality, gate_value)
        for tower in self.layout.towers:
            score = self._score(tower)
            yield self._feature(tower, tower, score if tower == REST else f"{self._gate(tower)} * ({score})")
        if self.network.crosses:
            yield self._feature(INTERACTIONS, REST, self._interactions())

    def _units(self, tower: str) -> Iterator[Derived]:
        hidden = self.network.tower(tower).hidden
        inputs = [self.names[column] for column in self.layout.inputs(tower)]
        for unit in self._read_units(tower):
            activation = weighted_sum(_terms(hidden.weight[unit], inputs), float(hidden.bias[unit]))
            yield self._feature(f"{tower}_{unit + 1}", tower, f"max(0, {activation})")

    def _read_units(self, tower: str) -> list[int]:
        """The hidden units with an outgoing weight other than 0."""
        units = self.network.tower(tower).hidden.out_features
        readers: list[Tensor] = [self.network.tower(tower).output.weight]
        if tower in self.network.gates:
            readers.append(self.network.gate(tower).weight[:, :units])
        if tower in self.network.crosses:
            readers.append(self.network.cross(tower).weight)
        return [unit for unit in range(units) if any(bool((weight[:, unit] != 0).any()) for weight in readers)]

    def _exponential(self, modality: str) -> str:
        gate = self.network.gate(modality)
        inputs = [*self._unit_names(modality), *(self.names[column] for column in self.layout.context)]
        logit = weighted_sum(_terms(gate.weight[0], inputs), float(gate.bias))
        largest = number(MAX_LOGIT)
        return f"{self._present(modality)} ? exp(max(-{largest}, min({largest}, {logit}))) : 0"

    def _present(self, modality: str) -> str:
        return " || ".join(f"{self.names[column]} != 0" for column in self.layout.groups[modality].evidence)

    def _gate_expression(self, modality: str) -> str:
        # Where nothing is present, all odds are 0; the lower bound of the denominator makes the gates 0 there.
        odds = [f"{self.prefix}_odds_{name}" for name in self.layout.groups]
        return f"{self.prefix}_odds_{modality} / max({number(1e-30)}, {' + '.join(odds)})"

    def _score(self, tower: str) -> str:
        layers = self.network.tower(tower)
        inputs = [self.names[column] for column in self.layout.inputs(tower)]
        terms = [
            *_terms(layers.direct.weight[0], inputs),
            *_terms(layers.output.weight[0], self._unit_names(tower)),
        ]
        return weighted_sum(terms, float(layers.output.bias))

    def _interactions(self) -> str:
        products = []
        for first, second in combinations(self.network.crosses, 2):
            dots = [
                f"({left}) * ({right})"
                for left, right in zip(self._interaction_factors(first), self._interaction_factors(second), strict=True)
            ]
            products.append(f"{self._gate(first)} * {self._gate(second)} * ({' + '.join(dots)})")
        return " + ".join(products)

    def _interaction_factors(self, modality: str) -> list[str]:
        names = self._unit_names(modality)
        return [weighted_sum(_terms(row, names), 0.0) for row in self.network.cross(modality).weight]

    def _unit_names(self, tower: str) -> list[str]:
        return [f"{self.prefix}_{tower}_{unit + 1}" for unit in range(self.network.tower(tower).hidden.out_features)]

    def _gate(self, modality: str) -> str:
        return f"{self.prefix}_gate_{modality}"

    def _feature(self, name: str, tower: str, expression: str) -> Derived:
        modality: FeatureModality = "behaviour" if tower == REST else tower  # type: ignore[assignment]
        return CompiledExpression(
            kind="derived", name=f"{self.prefix}_{name}", modality=modality, expression=expression
        )


def _terms(weights: Tensor, names: Iterable[str]) -> list[Term]:
    """The weights other than 0, each with the name that it multiplies."""
    return [(weight, name) for weight, name in zip(weights.tolist(), names, strict=True) if weight]
