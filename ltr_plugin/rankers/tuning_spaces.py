"""Where `tuning` looks for the settings of each kind of ranker."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Between:
    """Where a setting is looked for: whole numbers if the ends are; with `log`, small ones as closely as large ones."""

    low: float
    high: float
    log: bool = False


Space = Mapping[str, Between | tuple[str, ...]]
"""Where each setting is looked for; a tuple holds all that it may be."""

_WEIGHTS: Space = {"l2": Between(1e-5, 10.0, log=True), "negative_weight": Between(0.1, 3.0, log=True)}
_BOOSTING: Space = {
    "learning_rate": Between(0.01, 0.2, log=True),
    "feature_fraction": Between(0.3, 1.0),
    "l2": Between(0.01, 100.0, log=True),
}
_NETWORK: Space = {
    "loss": ("lambda", "listnet", "ndcg", "ranknet"),
    "units": Between(4, 24, log=True),
    "learning_rate": Between(0.001, 0.03, log=True),
    "weight_decay": Between(0.001, 1.0, log=True),
}
SPACES: Mapping[str, Space] = {
    "lambdamart": {
        **_BOOSTING,
        "leaves": Between(4, 63, log=True),
        "min_rows_in_leaf": Between(3, 100, log=True),
        "query_fraction": Between(0.5, 1.0),
        "negative_weight": Between(0.1, 3.0, log=True),
    },
    "xgboost": {
        **_BOOSTING,
        "depth": Between(2, 8),
        "min_weight_in_leaf": Between(0.1, 20.0, log=True),
        "row_fraction": Between(0.5, 1.0),
    },
    "fusion": {
        **_NETWORK,
        "crosses": Between(0, 4),
        "modality_dropout": Between(0.0, 0.9),
        "product_dropout": Between(0.0, 0.9),
    },
    "mlp": _NETWORK,
    "late": {
        "members": ("lambdamart", "linear"),
        "rounds": Between(50, 400, log=True),
        "leaves": Between(3, 31, log=True),
    },
    "linear": _WEIGHTS,
    "logistic": _WEIGHTS,
    "svm": _WEIGHTS,
}
"""The settings that are searched, by kind of ranker. The others keep their defaults."""
