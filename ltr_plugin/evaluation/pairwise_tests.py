"""Significance tests of all pairs of rankers, which comparisons with one baseline do not cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ltr_plugin.evaluation.significance import Values, holm, randomisation_p_values


@dataclass(frozen=True)
class PairwiseTest:
    """Two rankers on the same queries.

    `difference` is the mean of the first minus that of the second, `p_holm` its p-value, corrected for the number of
    all pairs (Holm).
    """

    first: str
    second: str
    difference: float
    p_holm: float


def pairwise_tests(rankers: Sequence[str], values: Values, *, resamples: int, seed: int) -> tuple[PairwiseTest, ...]:
    """A randomisation test of each pair of rankers; `values` are (rankers, queries) of one measure."""
    pairs = list(combinations(range(len(rankers)), 2))
    if not pairs:
        return ()
    differences = np.stack([values[one] - values[other] for one, other in pairs], axis=1)
    p_values = holm(randomisation_p_values(differences, resamples=resamples, seed=seed).tolist())
    means = differences.mean(axis=0).tolist()
    return tuple(
        PairwiseTest(rankers[one], rankers[other], mean, p)
        for (one, other), mean, p in zip(pairs, means, p_values, strict=True)
    )


def crosstab(rankers: Sequence[str], tests: Sequence[PairwiseTest]) -> list[list[str]]:
    """A table of text: the difference of the row's ranker minus the column's, and its p-value in brackets."""
    cells = {(one.first, one.second): _cell(one.difference, one.p_holm) for one in tests}
    cells |= {(one.second, one.first): _cell(-one.difference, one.p_holm) for one in tests}
    return [["", *rankers], *([row, *(cells.get((row, column), "") for column in rankers)] for row in rankers)]


def _cell(difference: float, p: float) -> str:
    difference += 0.0  # turns -0.0 into 0.0
    return f"{difference:+.3f} ({f'{p:.2f}' if p >= 0.01 else '<0.01'})"
