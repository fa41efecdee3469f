"""The search space of each kind of ranker: which settings `tuning` varies, and within which limits."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SearchRange:
    """The range of a setting: of integers if both ends are; with `log`, it is searched on a logarithmic scale."""

    low: float
    high: float
    log: bool = False


SearchSpace = Mapping[str, SearchRange | tuple[str, ...]]
"""The range of each setting; a tuple lists all values of a categorical one."""

_WEIGHTS: SearchSpace = {"l2": SearchRange(1e-5, 10.0, log=True), "negative_weight": SearchRange(0.1, 3.0, log=True)}
_LEARNING_RATE = SearchRange(0.01, 0.2, log=True)
_FEATURE_FRACTION = SearchRange(0.3, 1.0)
_LEAF_L2 = SearchRange(0.01, 100.0, log=True)
_NETWORK: SearchSpace = {
    "loss": ("lambda", "listnet", "ndcg", "ranknet"),
    "units": SearchRange(4, 24, log=True),
    "learning_rate": SearchRange(0.001, 0.03, log=True),
    "weight_decay": SearchRange(0.001, 1.0, log=True),
}
SEARCH_SPACES: Mapping[str, SearchSpace] = {
    "lambdamart": {
        "learning_rate": _LEARNING_RATE,
        "feature_fraction": _FEATURE_FRACTION,
        "lambda_l2": _LEAF_L2,
        "num_leaves": SearchRange(4, 63, log=True),
        "min_data_in_leaf": SearchRange(3, 100, log=True),
        "bagging_fraction": SearchRange(0.5, 1.0),
        "negative_weight": SearchRange(0.1, 3.0, log=True),
    },
    "xgboost": {
        "learning_rate": _LEARNING_RATE,
        "colsample_bytree": _FEATURE_FRACTION,
        "reg_lambda": _LEAF_L2,
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
"""The search space of each kind; settings that are not in it keep their defaults."""
