"""Trained rankers of any kind, read from their folders."""

from pathlib import Path
from typing import cast

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.card import read_card
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.rankers.registry import KINDS


def as_ranker(ranker: Ranker | Path | str) -> Ranker:
    """The ranker itself, or the one in a folder."""
    return load_ranker(ranker) if isinstance(ranker, Path | str) else ranker


def load_ranker(folder: Path | str) -> Ranker:
    """The ranker in a folder; InputError when the folder holds no ranker, or its files are damaged."""
    folder = Path(folder)
    kind = read_card(folder).kind
    if kind not in KINDS:
        raise InputError(
            str(folder), f"has the unknown kind {kind!r}; install the version of this library that made it"
        )
    return cast("Ranker", KINDS[kind].attribute(KINDS[kind].ranker).load(folder))
