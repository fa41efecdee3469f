"""What trains each kind of ranker, and with which settings."""

from collections.abc import Callable
from importlib import import_module

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.validation import StrictModel

TRAINERS = {
    "lambdamart": ("lambdamart", "LambdaMARTSettings", "train_lambdamart"),
    "xgboost": ("xgboost", "XGBoostSettings", "train_xgboost"),
    "fusion": ("fusion", "NetworkSettings", "train_fusion"),
    "mlp": ("fusion", "MLPSettings", "train_mlp"),
    "late": ("late_fusion", "LateFusionSettings", "train_late_fusion"),
    "linear": ("linear", "LinearSettings", "train_linear"),
    "logistic": ("logistic", "LinearSettings", "train_logistic"),
    "svm": ("svm", "LinearSettings", "train_svm"),
}
"""The module of each kind, imported when one is trained, with its settings and what trains it."""

TrainFunction = Callable[..., Ranker]


def get_trainer(kind: str) -> tuple[type[StrictModel], TrainFunction]:
    """The settings of a kind of ranker, and what trains it; InputError when there is no such kind."""
    if kind not in TRAINERS:
        raise InputError("ranker", f"{kind!r} is no kind that can be trained; kinds are {', '.join(TRAINERS)}")
    module, settings_type, train = TRAINERS[kind]
    found = import_module(f"ltr_plugin.rankers.{module}")
    return getattr(found, settings_type), getattr(found, train)
