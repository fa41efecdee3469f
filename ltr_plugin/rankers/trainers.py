"""The training of rankers of any kind."""

from collections.abc import Callable
from pathlib import Path

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.rankers.registry import KINDS
from ltr_plugin.validation import StrictModel, decode

TrainFunction = Callable[..., Ranker]


def train(
    table: FeatureTable | Path | str, kind: str = "lambdamart", *, progress: Progress = no_progress, **settings: object
) -> Ranker:
    """A ranker of a kind (lambdamart, xgboost, fusion, mlp, late, linear, logistic, svm) trained on a feature table.

    `settings` are fields of the kind's settings class, such as `num_trees`; other fields have their defaults. A
    `teacher` (a ranker) and `auxiliary_qrels` (Qrels by name) go to the kinds that accept them. InputError for an
    unknown kind or setting, or a table that does not allow training.
    """
    settings_type, train_kind = get_trainer(kind)
    own = {name: value for name, value in settings.items() if name not in ("teacher", "auxiliary_qrels")}
    further = {name: value for name, value in settings.items() if name not in own}
    rows = table if isinstance(table, FeatureTable) else FeatureTable.read(Path(table))
    return train_kind(rows, decode(settings_type, own, source=f"settings of {kind}"), progress=progress, **further)


def get_trainer(kind: str) -> tuple[type[StrictModel], TrainFunction]:
    """The settings class of a kind of ranker and the function that trains it; InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError("ranker", f"unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
    return KINDS[kind].attribute(KINDS[kind].settings), KINDS[kind].attribute(KINDS[kind].trainer)
