"""The kinds of rankers. The module of a kind, which may need a heavy library, is imported when the kind is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class RankerKind:
    """Where one kind of ranker is found: its module in this package, and names in that module."""

    module: str
    ranker: str
    """The class of trained rankers, which has `load`."""
    settings: str
    """The class of its settings."""
    trainer: str
    """The function that trains it."""
    importance: str
    """What the importance of a feature is, in words."""

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - a class or a function
        """The object that the module gives this name."""
        return getattr(import_module(f"{__package__}.{self.module}"), name)


_GAIN = "how much the splits by the feature lowered the training loss (gain)"
_GRADIENT = "how much the score changes with the standardised feature (mean absolute gradient)"
_MEMBERS = "the share of the feature in its member ranker, times the spread of that member's scores"
_WEIGHT = "the absolute weight of the standardised feature"

KINDS: Mapping[str, RankerKind] = {
    "lambdamart": RankerKind("lambdamart", "LambdaMARTRanker", "LambdaMARTSettings", "train_lambdamart", _GAIN),
    "xgboost": RankerKind("xgboost", "XGBoostRanker", "XGBoostSettings", "train_xgboost", _GAIN),
    "fusion": RankerKind("fusion", "NetworkRanker", "NetworkSettings", "train_fusion", _GRADIENT),
    "mlp": RankerKind("fusion", "NetworkRanker", "MLPSettings", "train_mlp", _GRADIENT),
    "late": RankerKind("late_fusion", "LateFusionRanker", "LateFusionSettings", "train_late_fusion", _MEMBERS),
    "linear": RankerKind("linear", "LinearRanker", "LinearSettings", "train_linear", _WEIGHT),
    "logistic": RankerKind("logistic", "LinearRanker", "LinearSettings", "train_logistic", _WEIGHT),
    "svm": RankerKind("svm", "LinearRanker", "LinearSettings", "train_svm", _WEIGHT),
}
"""All kinds, by the name that cards and the command line give them."""
