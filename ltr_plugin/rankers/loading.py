"""A ranker from its folder, whatever its kind."""

from pathlib import Path

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.card import read_card
from ltr_plugin.rankers.ranker import Ranker


def load_ranker(folder: Path) -> Ranker:
    """The ranker in a folder, of the kind that its card says; InputError when it is none or is damaged."""
    kind = read_card(folder).kind
    if kind == "lambdamart":
        from ltr_plugin.rankers.lambdamart import LambdaMART

        return LambdaMART.load(folder)
    if kind == "linear":
        from ltr_plugin.rankers.linear import LinearRanker

        return LinearRanker.load(folder)
    raise InputError(str(folder), f"unknown kind of ranker {kind!r}; it may need a newer version of this library")
