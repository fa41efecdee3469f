"""A fusion network as features that an LTR plugin computes: hidden units, gates and parts, which `model/linear` sums.

With prefix `fusion` and modalities text and image these features are made, each a float32 of an expression in double:

- `fusion_text_1`, ...: the hidden units;
- `fusion_odds_text`: exp of the gate's logit where text is present, else 0;
- `fusion_gate_text`: its share of all odds, the gate;
- `fusion_text`: the gate times the tower's score; `fusion_rest` is the ungated tower;
- `fusion_interactions`: the cross terms.

The score is `fusion_text + fusion_image + fusion_interactions + fusion_rest`, so a log of these features explains it.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from torch import Tensor

from ltr_plugin.errors import ExportError
from ltr_plugin.features.expressions import term_count
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived, FeatureModality
from ltr_plugin.rankers.network.network import INTERACTIONS, MAX_LOGIT, REST, FusionNetwork
from ltr_plugin.rankers.ranker import Export

Term = tuple[float, str]


def compile_network(network: FusionNetwork, features: FeatureSet, prefix: str) -> Export:
    """The network, for values as they are, in the plugin's form; weights of 0 cost nothing.

    ExportError when a name is taken by the feature set, or an expression passes the plugin's limit of terms.
    """
    derived = tuple(_Compiler(network, features.feature_names, prefix).features())
    taken = sorted({feature.name for feature in derived} & set(features.feature_names))
    if taken:
        raise ExportError(f"feature set {features.id!r} has features {taken} of its own; rename them")
    for feature in derived:
        terms = term_count(feature.expression)
        if terms > Derived.MAX_TERMS:
            raise ExportError(
                f"{feature.name!r} has {terms} terms, the plugin takes {Derived.MAX_TERMS}; train with fewer units"
            )
    components = [*network.layout.towers, *([INTERACTIONS] if network.crosses else [])]
    return Export("model/linear", {f"{prefix}_{part}": 1.0 for part in components}, derived)


class _Compiler:
    def __init__(self, network: FusionNetwork, names: tuple[str, ...], prefix: str) -> None:
        self.network, self.names, self.prefix = network, names, prefix
        self.layout = network.layout

    def features(self) -> Iterator[Derived]:
        """All features, each after those that it reads."""
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
            total = _sum(_terms(hidden.weight[unit], inputs), float(hidden.bias[unit]))
            yield self._feature(f"{tower}_{unit + 1}", tower, f"max(0, {total})")

    def _read_units(self, tower: str) -> list[int]:
        """The units that anything reads."""
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
        logit = _sum(_terms(gate.weight[0], inputs), float(gate.bias))
        largest = _number(MAX_LOGIT)
        return f"{self._present(modality)} ? exp(max(-{largest}, min({largest}, {logit}))) : 0"

    def _present(self, modality: str) -> str:
        return " || ".join(f"{self.names[column]} != 0" for column in self.layout.groups[modality].evidence)

    def _gate_expression(self, modality: str) -> str:
        # Where nothing is present all odds are 0, and so is 0 over the smallest odds that there can be.
        odds = [f"{self.prefix}_odds_{name}" for name in self.layout.groups]
        return f"{self.prefix}_odds_{modality} / max({_number(1e-30)}, {' + '.join(odds)})"

    def _score(self, tower: str) -> str:
        layers = self.network.tower(tower)
        inputs = [self.names[column] for column in self.layout.inputs(tower)]
        terms = [
            *_terms(layers.direct.weight[0], inputs),
            *_terms(layers.output.weight[0], self._unit_names(tower)),
        ]
        return _sum(terms, float(layers.output.bias))

    def _interactions(self) -> str:
        products = []
        for first, second in combinations(self.network.crosses, 2):
            dots = [
                f"({ours}) * ({theirs})"
                for ours, theirs in zip(
                    self._interaction_factors(first), self._interaction_factors(second), strict=True
                )
            ]
            products.append(f"{self._gate(first)} * {self._gate(second)} * ({' + '.join(dots)})")
        return " + ".join(products)

    def _interaction_factors(self, modality: str) -> list[str]:
        names = self._unit_names(modality)
        return [_sum(_terms(row, names), 0.0) for row in self.network.cross(modality).weight]

    def _unit_names(self, tower: str) -> list[str]:
        return [f"{self.prefix}_{tower}_{unit + 1}" for unit in range(self.network.tower(tower).hidden.out_features)]

    def _gate(self, modality: str) -> str:
        return f"{self.prefix}_gate_{modality}"

    def _feature(self, name: str, tower: str, expression: str) -> Derived:
        modality: FeatureModality = "behaviour" if tower == REST else tower  # type: ignore[assignment]
        return Derived(kind="derived", name=f"{self.prefix}_{name}", modality=modality, expression=expression)


def _terms(weights: Tensor, names: Iterable[str]) -> list[Term]:
    """The weights that are not 0, with what they multiply."""
    return [(weight, name) for weight, name in zip(weights.tolist(), names, strict=True) if weight]


def _sum(terms: Iterable[Term], constant: float) -> str:
    """`2 * a - 0.5 * b + 1`; `0` when nothing is left."""
    written = [("-" if weight < 0 else "+", f"{_number(abs(weight))} * {name}") for weight, name in terms]
    if constant or not written:
        written.append(("-" if constant < 0 else "+", _number(abs(constant))))
    (sign, first), *others = written
    return ("-" if sign == "-" else "") + first + "".join(f" {sign} {term}" for sign, term in others)


def _number(value: float) -> str:
    """The shortest decimal form that reads the same."""
    return repr(value).removesuffix(".0")
