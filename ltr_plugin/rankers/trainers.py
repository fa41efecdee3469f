"""What trains each kind of ranker, and with which settings."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.validation import StrictModel, decode

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


def train(
    table: FeatureTable | Path | str, kind: str = "lambdamart", *, progress: Progress = no_progress, **settings: object
) -> Ranker:
    """A ranker of a kind (lambdamart, xgboost, fusion, mlp, late, linear, logistic, svm) trained on a feature table.

    `settings` are the fields of the kind's settings class, such as `num_trees`; what is not given has its default. A
    `teacher` (a ranker) and `auxiliary_qrels` (name to Qrels) go to the kinds that take them. InputError for an unknown
    kind or setting, or a table that cannot be trained on.
    """
    settings_type, train_kind = get_trainer(kind)
    own = {name: value for name, value in settings.items() if name not in ("teacher", "auxiliary_qrels")}
    further = {name: value for name, value in settings.items() if name not in own}
    read = table if isinstance(table, FeatureTable) else FeatureTable.read(Path(table))
    return train_kind(read, decode(settings_type, own, source=f"settings of {kind}"), progress=progress, **further)


def get_trainer(kind: str) -> tuple[type[StrictModel], TrainFunction]:
    """The settings of a kind of ranker, and what trains it; InputError when there is no such kind."""
    if kind not in TRAINERS:
        raise InputError("ranker", f"{kind!r} is no kind that can be trained; kinds are {', '.join(TRAINERS)}")
    module, settings_type, train = TRAINERS[kind]
    found = import_module(f"ltr_plugin.rankers.{module}")
    return getattr(found, settings_type), getattr(found, train)
