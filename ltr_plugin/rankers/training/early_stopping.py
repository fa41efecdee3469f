"""When training stops: at the best of a validation curve, smoothed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from ltr_plugin.progress import Progress
from ltr_plugin.rankers.training.folds import folds_by_query, holdout_queries


def best_step(curve: Sequence[float], window: int) -> int:
    """The number of steps, from 1, in the middle of the best stretch of `window` of them.

    The curve of a few queries jumps from step to step, and its highest jump is often an early one, by luck.
    """
    window = min(window, len(curve))
    smooth = np.convolve(curve, np.full(window, 1 / window), mode="valid")
    return int(smooth.argmax()) + (window - 1) // 2 + 1


def mean_curve(curves: Sequence[Iterable[float]], sizes: Sequence[int]) -> Iterator[float]:
    """The mean of curves that grow step by step, each weighed by the size of its part."""
    for values in zip(*curves, strict=True):
        yield sum(value * size for value, size in zip(values, sizes, strict=True)) / sum(sizes)


def early_stopping(
    curve: Iterable[float], *, max_steps: int, patience: int, window: int, progress: Progress
) -> tuple[int, float]:
    """The best number of steps of a curve as it grows, and its value there.

    It is followed for `max_steps` steps, and no longer than `patience` steps after the best.
    """
    seen: list[float] = []
    for value in islice(curve, max_steps):
        seen.append(value)
        progress(len(seen), max_steps)
        if len(seen) - best_step(seen, window) > patience:
            break
    best = best_step(seen, window)
    return best, seen[best - 1]


def make_validation_folds(
    queries: Collection[str], validation_fraction: float, folds: int, seed: int
) -> list[frozenset[str]]:
    """The queries to validate on: with `folds` each query once, in so many parts, else one part, a `validation_fraction` share.

    InputError when there are fewer queries than folds, or one fold.
    """
    if folds:
        return folds_by_query(queries, folds, seed)
    return [holdout_queries(queries, validation_fraction, seed)]
