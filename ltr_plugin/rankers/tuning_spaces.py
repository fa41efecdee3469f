"""Where `tuning` looks for the settings of each kind of ranker."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SearchRange:
    """Where a setting is looked for: whole numbers if the ends are; with `log`, small ones as closely as large ones."""

    low: float
    high: float
    log: bool = False


SearchSpace = Mapping[str, SearchRange | tuple[str, ...]]
"""Where each setting is looked for; a tuple holds all that it may be."""

_WEIGHTS: SearchSpace = {"l2": SearchRange(1e-5, 10.0, log=True), "negative_weight": SearchRange(0.1, 3.0, log=True)}
_BOOSTING: SearchSpace = {
    "learning_rate": SearchRange(0.01, 0.2, log=True),
    "feature_fraction": SearchRange(0.3, 1.0),
    "lambda_l2": SearchRange(0.01, 100.0, log=True),
}
_NETWORK: SearchSpace = {
    "loss": ("lambda", "listnet", "ndcg", "ranknet"),
    "units": SearchRange(4, 24, log=True),
    "learning_rate": SearchRange(0.001, 0.03, log=True),
    "weight_decay": SearchRange(0.001, 1.0, log=True),
}
SEARCH_SPACES: Mapping[str, SearchSpace] = {
    "lambdamart": {
        **_BOOSTING,
        "num_leaves": SearchRange(4, 63, log=True),
        "min_data_in_leaf": SearchRange(3, 100, log=True),
        "bagging_fraction": SearchRange(0.5, 1.0),
        "negative_weight": SearchRange(0.1, 3.0, log=True),
    },
    "xgboost": {
        **_BOOSTING,
        "max_depth": SearchRange(2, 8),
        "min_child_weight": SearchRange(0.1, 20.0, log=True),
        "subsample": SearchRange(0.5, 1.0),
    },
    "fusion": {
        **_NETWORK,
        "cross_dim": SearchRange(0, 4),
        "modality_dropout": SearchRange(0.0, 0.9),
        "product_dropout": SearchRange(0.0, 0.9),
    },
    "mlp": _NETWORK,
    "late": {
        "members": ("lambdamart", "linear"),
        "num_trees": SearchRange(50, 400, log=True),
        "num_leaves": SearchRange(3, 31, log=True),
    },
    "linear": _WEIGHTS,
    "logistic": _WEIGHTS,
    "svm": _WEIGHTS,
}
"""The settings that are searched, by kind of ranker. The others keep their defaults."""
