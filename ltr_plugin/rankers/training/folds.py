"""Splits by query: all products of a query are on the same side, so that no query is both trained on and measured."""

from collections.abc import Iterable

import numpy as np

from ltr_plugin.errors import InputError, counted


def folds_by_query(queries: Iterable[str], k: int, seed: int) -> list[frozenset[str]]:
    """`k` disjoint folds that together hold every query once; their sizes differ by at most one.

    The folds depend on the queries and the seed, not on the order of the queries. InputError when `k` is less than 2 or
    more than the number of queries.
    """
    order = shuffled(queries, seed)
    if not 2 <= k <= len(order):
        wrong = f"{counted(k, 'fold')} of {counted(len(order), 'query')}"
        raise InputError("folds", f"{wrong}; take at least 2 folds and one query for each")
    return [frozenset(order[first::k]) for first in range(k)]


def holdout_queries(queries: Iterable[str], fraction: float, seed: int) -> frozenset[str]:
    """A random `fraction` of the queries, at least one of them and never all; empty when there is only one query."""
    order = shuffled(queries, seed)
    return frozenset(order[: min(max(1, round(fraction * len(order))), len(order) - 1)])


def shuffled(queries: Iterable[str], seed: int) -> list[str]:
    """The distinct queries in a random order that depends on the set of queries and the seed alone."""
    order = sorted(set(queries))
    return [order[position] for position in np.random.default_rng(seed).permutation(len(order))]
