"""A ranker from its folder, whatever its kind."""

from importlib import import_module
from pathlib import Path
from typing import cast

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.card import read_card
from ltr_plugin.rankers.ranker import Ranker

KINDS = {
    "lambdamart": "lambdamart.LambdaMARTRanker",
    "xgboost": "xgboost.XGBoostRanker",
    "linear": "linear.LinearRanker",
    "logistic": "linear.LinearRanker",
    "svm": "linear.LinearRanker",
    "fusion": "fusion.NetworkRanker",
    "mlp": "fusion.NetworkRanker",
    "late": "late_fusion.LateFusionRanker",
}
"""The class of each kind, imported when one is loaded: most bring a heavy library."""


def as_ranker(ranker: Ranker | Path | str) -> Ranker:
    """The ranker itself, or the one in a folder."""
    return load_ranker(ranker) if isinstance(ranker, Path | str) else ranker


def load_ranker(folder: Path | str) -> Ranker:
    """The ranker in a folder, of the kind that its card says; InputError when it is none or is damaged."""
    folder = Path(folder)
    kind = read_card(folder).kind
    if kind not in KINDS:
        raise InputError(str(folder), f"unknown kind of ranker {kind!r}; it may need a newer version of this library")
    module, name = KINDS[kind].split(".")
    return cast("Ranker", getattr(import_module(f"ltr_plugin.rankers.{module}"), name).load(folder))
