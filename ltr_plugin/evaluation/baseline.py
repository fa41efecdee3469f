"""The baseline: the ranker that the others are compared with."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.significance import Values

MIN_SHARE = 0.1
"""Of the queries, in a slice that counts when a baseline is chosen."""


def require_ranker(baseline: str, rankers: Collection[str]) -> None:
    """InputError, which lists the rankers, when the baseline is none of them."""
    if baseline not in rankers:
        raise InputError("baseline", f"{baseline!r} is not compared; choose one of: {', '.join(rankers)}")


def default_baseline(
    rankers: Sequence[str], values: Values, masks: Iterable[npt.NDArray[np.bool_]], alternatives: Collection[str] = ()
) -> str:
    """The first ranker, or the best of the `alternatives` where that one says more.

    A difference from a baseline that has 0 says nothing: BM25 finds nothing by a photo, so that any ranker is better
    there. An alternative replaces the first ranker when that has 0, and another one more, on all queries of a slice
    with MIN_SHARE of the queries or more, and the alternative has more there and a higher mean of all queries. `values`
    are (rankers, queries) of one measure; each mask, (queries,), is a slice.
    """
    large = [mask for mask in masks if mask.mean() >= MIN_SHARE]
    zero = [mask for mask in large if not values[0, mask].any() and values[:, mask].any()]
    means = values.mean(axis=1).tolist()
    better = [
        row
        for row, name in enumerate(rankers)
        if name in alternatives and means[row] > means[0] and all(values[row, mask].any() for mask in zero)
    ]
    return rankers[max(better, key=means.__getitem__)] if zero and better else rankers[0]
