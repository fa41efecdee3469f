"""Statistics over queries: bootstrap intervals, randomisation tests, and Holm's correction."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

RESAMPLES = 10_000
MAX_RANDOM_NUMBERS = 4_000_000
"""Maximum number of random numbers in memory, 32 MB."""


def bootstrap_intervals(
    values: Values, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 7
) -> tuple[Values, Values]:
    """Lower and upper ends, each (columns,), of the percentile bootstrap interval of each column's mean.

    `values` is (queries, columns). Each resample draws queries with replacement, the same for all columns (Efron and
    Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; Sakai, Evaluating evaluation metrics based on the
    bootstrap, SIGIR 2006).
    """
    count = len(values)
    rng = np.random.default_rng(seed)
    draws = (
        rng.multinomial(count, np.full(count, 1 / count), size=size) @ values for size in _blocks(resamples, count)
    )
    means = np.concatenate(list(draws)) / count
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def randomisation_p_values(differences: Values, *, resamples: int = RESAMPLES, seed: int = 7) -> Values:
    """Two-sided p-values, (columns,), of mean differences; `differences` is (queries, columns), ranker minus baseline.

    Fisher's randomisation test: without a difference between the rankers, the difference of each query has either sign
    with the same probability (Smucker, Allan and Carterette, A comparison of statistical significance tests for
    information retrieval evaluation, CIKM 2007). The observed signs count as one more draw, so that no p-value is 0
    (Phipson and Smyth, Permutation p-values should never be zero, 2010).
    """
    count = len(differences)
    rng = np.random.default_rng(seed)
    observed = np.abs(differences.sum(axis=0))
    # Sums of the same numbers in another order differ in the last digits; such ties count as extreme as the observed.
    threshold = observed * (1 - 1e-12)
    extreme = np.zeros(differences.shape[1], dtype=np.int64)
    for size in _blocks(resamples, count):
        signs = rng.integers(0, 2, size=(size, count), dtype=np.int8) * 2.0 - 1
        extreme += (np.abs(signs @ differences) >= threshold).sum(axis=0)
    return (extreme + 1) / (resamples + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected for their number (Holm, A simple sequentially rejective multiple test
    procedure, 1979): rejecting all below x makes any false rejection at most x likely."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in corrected]


def format_p(p: float) -> str:
    """A p-value as text: `<0.001`, `0.004`, `0.21`."""
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _blocks(resamples: int, count: int) -> Iterator[int]:
    """Numbers of resamples that sum to `resamples`, each small enough for MAX_RANDOM_NUMBERS; `count` is of queries."""
    size = max(1, MAX_RANDOM_NUMBERS // max(count, 1))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)
