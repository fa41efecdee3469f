"""Early stopping: the number of trees or epochs with the best NDCG@10 on held-out queries."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ltr_plugin.errors import counted
from ltr_plugin.progress import Progress
from ltr_plugin.rankers.training.folds import folds_by_query, holdout_queries
from ltr_plugin.rankers.training.settings import TrainingSettings


@dataclass(frozen=True)
class StoppingPoint:
    """How long to train: `steps` trees or epochs.

    `ndcg` is the mean NDCG@10 of the held-out queries at that point, and `validation_folds` are these queries by fold;
    None and empty when there was only one query, so that nothing could be held out.
    """

    steps: int
    ndcg: float | None = None
    validation_folds: Sequence[frozenset[str]] = ()

    def training_queries(self, queries: Collection[str], *, refit: bool) -> frozenset[str]:
        """The queries to train the final model on: all, or without `refit` all but the first fold."""
        held_out = () if refit or not self.validation_folds else self.validation_folds[0]
        return frozenset(queries).difference(held_out)

    def results(self, unit: str) -> dict[str, float | int | None]:
        """The results for the card; `unit` is what was counted, such as `trees`."""
        return {
            unit: self.steps,
            "validation_ndcg@10": self.ndcg,
            "validation_queries": sum(map(len, self.validation_folds)),
        }

    def notes(self, unit: str) -> tuple[str, ...]:
        """The notes for the card."""
        if self.validation_folds:
            return ()
        return (f"only one query, so nothing was held out; trained for {counted(self.steps, unit.removesuffix('s'))}",)


def early_stopping(
    curve: Iterable[float], *, max_steps: int, patience: int, window: int, progress: Progress
) -> tuple[int, float]:
    """The best step of a validation curve, counted from 1, and the value of the curve there.

    The curve is read one step at a time, at most `max_steps` steps, and at most `patience` steps past the best one.
    """
    values: list[float] = []
    for value in islice(curve, max_steps):
        values.append(value)
        progress(len(values), max_steps)
        if len(values) - best_step(values, window) > patience:
            break
    best = best_step(values, window)
    return best, values[best - 1]


def best_step(curve: Sequence[float], window: int) -> int:
    """The best step of a curve, counted from 1: the middle of the `window` steps with the highest mean.

    The curve of a few queries jumps from step to step, and its single highest value is often an early one, by chance.
    """
    window = min(window, len(curve))
    smooth = np.convolve(curve, np.full(window, 1 / window), mode="valid")
    return int(smooth.argmax()) + (window - 1) // 2 + 1


def mean_curve(curves: Sequence[Iterable[float]], sizes: Sequence[int]) -> Iterator[float]:
    """The mean of the folds' validation curves at each step, weighted by the folds' numbers of queries."""
    for values in zip(*curves, strict=True):
        yield sum(value * size for value, size in zip(values, sizes, strict=True)) / sum(sizes)


def make_validation_folds(queries: Collection[str], settings: TrainingSettings) -> list[frozenset[str]]:
    """The queries to hold out: one fold of `validation_fraction` of them, or `folds` folds that cover all queries.

    InputError when there are fewer queries than folds, or when `folds` is 1.
    """
    if settings.folds:
        return folds_by_query(queries, settings.folds, settings.seed)
    return [holdout_queries(queries, settings.validation_fraction, settings.seed)]
