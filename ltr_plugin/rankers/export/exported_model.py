"""A trained model in the form that the cluster's learning-to-rank plugin accepts."""

from dataclasses import dataclass
from typing import Any, Literal

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived
from ltr_plugin.rankers.export.parity import TOLERANCE


@dataclass(frozen=True)
class Export:
    """A model for the plugin.

    `definition` is JSON in the format that `type` names. `derived` are features that the model needs beyond its feature
    set, such as the hidden units of a network. `tolerance` is the largest relative difference that is allowed between a
    score in the cluster and the local one (see `parity`).
    """

    type: Literal["model/xgboost+json", "model/linear"]
    definition: Any
    derived: tuple[Derived, ...] = ()
    tolerance: float = TOLERANCE

    def model(self) -> dict[str, Any]:
        """The `model` object of the plugin's request to create a model."""
        return {"type": self.type, "definition": self.definition, "feature_normalizers": {}}

    def with_derived_features(self, features: FeatureSet) -> FeatureSet:
        """The feature set to upload with the model: the features that it was trained on, then the derived ones."""
        if not self.derived:
            return features
        return FeatureSet(name=features.name, version=features.version, features=(*features.features, *self.derived))
