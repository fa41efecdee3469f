"""Each ranker against each other, of which a comparison with one baseline says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ltr_plugin.evaluation.significance import Values, holm, randomisation_p_values


@dataclass(frozen=True)
class PairwiseTest:
    """Two rankers on the same queries: the mean difference, first minus second, and its p-value, corrected (Holm) for
    the number of all pairs."""

    first: str
    second: str
    difference: float
    p_holm: float


def pairwise_tests(rankers: Sequence[str], values: Values, *, resamples: int, seed: int) -> tuple[PairwiseTest, ...]:
    """Every pair of rankers; `values` (rankers, queries) are what a measure gives each query."""
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
    """A row and a column a ranker, with a head: how far the row's is above the column's, and the p-value."""
    cells = {(one.first, one.second): _cell(one.difference, one.p_holm) for one in tests}
    cells |= {(one.second, one.first): _cell(-one.difference, one.p_holm) for one in tests}
    return [["", *rankers], *([row, *(cells.get((row, column), "") for column in rankers)] for row in rankers)]


def _cell(difference: float, p: float) -> str:
    difference += 0.0  # no -0.000 where there is none
    return f"{difference:+.3f} ({f'{p:.2f}' if p >= 0.01 else '<0.01'})"
