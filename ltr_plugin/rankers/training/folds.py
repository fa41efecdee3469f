"""Splits by query: the products of one query never stand on both sides."""

from collections.abc import Iterable

import numpy as np

from ltr_plugin.errors import InputError


def folds_by_query(queries: Iterable[str], k: int, seed: int) -> list[frozenset[str]]:
    """`k` disjoint folds that hold every query once, sizes differing by one at most; the same for any order given.

    InputError when there are fewer than `k` queries, or `k` is less than 2.
    """
    order = shuffled(queries, seed)
    if not 2 <= k <= len(order):
        raise InputError("folds", f"{k!r} folds of {len(order)} queries; take 2 folds or more, one query each at least")
    return [frozenset(order[first::k]) for first in range(k)]


def holdout_queries(queries: Iterable[str], fraction: float, seed: int) -> frozenset[str]:
    """About `fraction` of the queries: one at least, and one at least stays outside; empty when there is only one."""
    order = shuffled(queries, seed)
    return frozenset(order[: min(max(1, round(fraction * len(order))), len(order) - 1)])


def shuffled(queries: Iterable[str], seed: int) -> list[str]:
    """The queries, each once, in an order that depends on nothing but them and the seed."""
    order = sorted(set(queries))
    return [order[place] for place in np.random.default_rng(seed).permutation(len(order))]
