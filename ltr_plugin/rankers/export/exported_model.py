"""A trained model in the form that the cluster's learning-to-rank plugin accepts, with scores that are all positive.

Products behind the rescore window keep a first-pass score near 0 (`FIRST_PASS_WEIGHT`). So that they come after every
ranked product, on every page, an exported score is above 0 and in the order of the ranker's own: trees get one more
tree that adds a constant, and a sum becomes a derived feature that `1 + s` or, below 0, `1 / (1 - s)` follows. Both
keep the precision of float32: the one above 0 in absolute terms, the other relative to the score.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import ExportError
from ltr_plugin.features.expressions import term_count, weighted_sum
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import CompiledExpression, Derived
from ltr_plugin.rankers.export.parity import TOLERANCE

Node = dict[str, Any]


@dataclass(frozen=True)
class Export:
    """A model for the plugin; `of_trees` and `of_sum` make one.

    `definition` is JSON in the format that `type` names. `derived` are features that the model needs beyond its feature
    set, such as the hidden units of a network. `offset` is what trees add to the ranker's score. `tolerance` is the
    largest relative difference that is allowed between a score in the cluster and the local one (see `parity`).
    """

    type: Literal["model/xgboost+json", "model/linear"]
    definition: Any
    derived: tuple[Derived, ...] = ()
    offset: float = 0.0
    tolerance: float = TOLERANCE

    @classmethod
    def of_trees(cls, trees: Sequence[Node]) -> Self:
        """Trees in XGBoost's JSON form, whose leaves are added."""
        offset = float(max(0, math.ceil(1 - sum(map(_smallest_leaf, trees)))))
        return cls("model/xgboost+json", [*trees, {"nodeid": 0, "leaf": offset}], offset=offset)

    @classmethod
    def of_sum(cls, weights: Mapping[str, float], derived: Sequence[Derived] = (), *, prefix: str) -> Self:
        """The weighted sum of features, as two more derived features: `PREFIX_score`, and `PREFIX_served` above 0.

        ExportError when the sum has more terms than the plugin accepts.
        """
        score, served = f"{prefix}_score", f"{prefix}_served"
        expressions = {
            score: weighted_sum((weight, name) for name, weight in weights.items() if weight),
            served: f"{score} > 0 ? 1 + {score} : 1 / (1 - {score})",
        }
        added = [
            CompiledExpression(kind="derived", name=name, modality="behaviour", expression=expression)
            for name, expression in expressions.items()
        ]
        for feature in (*derived, *added):
            terms = term_count(feature.expression)
            if terms > Derived.MAX_TERMS:
                raise ExportError(
                    f"{feature.name!r} has {terms} terms, the plugin accepts {Derived.MAX_TERMS}; "
                    "train with fewer units or features"
                )
        return cls("model/linear", {served: 1.0}, (*derived, *added))

    def model(self) -> dict[str, Any]:
        """The `model` object of the plugin's request to create a model."""
        return {"type": self.type, "definition": self.definition, "feature_normalizers": {}}

    def ranker_scores(self, exported: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The ranker's own scores, (rows,), of those that the cluster gives."""
        scores = exported.astype(np.float64)
        if self.type == "model/xgboost+json":
            return scores - self.offset
        with np.errstate(divide="ignore"):  # a score of 0 is wrong, and becomes an infinite difference
            return np.where(scores > 1, scores - 1, 1 - 1 / scores)

    def with_derived_features(self, features: FeatureSet) -> FeatureSet:
        """The feature set to upload with the model: the features that it was trained on, then the derived ones.

        ExportError when a feature has the name of a derived one.
        """
        if not self.derived:
            return features
        taken = sorted({feature.name for feature in self.derived} & set(features.feature_names))
        if taken:
            raise ExportError(
                f"feature set {features.id!r} has features named {taken}, as the export does; rename them"
            )
        return FeatureSet(name=features.name, version=features.version, features=(*features.features, *self.derived))


def _smallest_leaf(tree: Node) -> float:
    """The smallest leaf of a tree; a stack, since trees may be deeper than Python's own."""
    smallest = math.inf
    pending = [tree]
    while pending:
        node = pending.pop()
        if "leaf" in node:
            smallest = min(smallest, node["leaf"])
        pending += node.get("children", ())
    return smallest
