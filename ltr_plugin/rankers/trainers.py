"""The settings and the training function of each kind of ranker."""

from collections.abc import Callable

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.rankers.registry import KINDS
from ltr_plugin.validation import StrictModel

TrainFunction = Callable[..., Ranker]


def get_trainer(kind: str) -> tuple[type[StrictModel], TrainFunction]:
    """The settings class of a kind of ranker and the function that trains it; InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError("ranker", f"unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")
    return KINDS[kind].attribute(KINDS[kind].settings), KINDS[kind].attribute(KINDS[kind].trainer)
