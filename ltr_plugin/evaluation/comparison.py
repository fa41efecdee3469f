"""Comparison of rankers: means, intervals and p-values of each measure, on each slice of the judged queries."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ltr_plugin.errors import InputError, counted
from ltr_plugin.evaluation.baseline import default_baseline, require_ranker
from ltr_plugin.evaluation.markdown_table import markdown_table
from ltr_plugin.evaluation.measures import MEASURES, REPORTED_MEASURES, Gain, per_query
from ltr_plugin.evaluation.pairwise_tests import PairwiseTest, crosstab, pairwise_tests
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import RESAMPLES, Values, bootstrap_intervals, holm, randomisation_p_values
from ltr_plugin.judgments.qrels import Qrels

ALL_QUERIES = "all"
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class Result:
    """The result of one ranker by one measure on one slice.

    `low` and `high` are the ends of the 95 % interval of the mean (bootstrap). `difference` is the mean difference from
    the baseline, `p` its p-value (randomisation test), and `p_holm` the p-value corrected for the number of rankers
    (Holm); all three are None for the baseline.
    """

    slice: str
    measure: str
    ranker: str
    mean: float
    low: float
    high: float
    difference: float | None = None
    p: float | None = None
    p_holm: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the ranker differs from the baseline at the 5 % level, corrected for the number of rankers."""
        return self.p_holm is not None and self.p_holm < 1 - CONFIDENCE_LEVEL


@dataclass(frozen=True)
class Comparison:
    """The results of `compare`.

    `view` says what was ranked. `baseline` is the one of `rankers` that the others are compared with. `slices` gives
    the number of queries of each slice. `pairwise_tests` compare all pairs of rankers by the first measure, on all
    queries. `judgments` is a digest.
    """

    view: str
    baseline: str
    rankers: tuple[str, ...]
    slices: Mapping[str, int]
    results: tuple[Result, ...]
    pairwise_tests: tuple[PairwiseTest, ...]
    gain: Gain
    resamples: int
    seed: int
    judgments: str

    def of(self, slice_: str, ranker: str, measure: str) -> Result:
        """The result of a ranker by a measure on a slice; KeyError when there is none."""
        return self._by_key[slice_, ranker, measure]

    def starred(self, result: Result) -> bool:
        """Whether tables mark a result: it differs from the baseline, which is not 0 there, where any ranker would."""
        return result.significant and self.of(result.slice, self.baseline, result.measure).mean > 0

    def zero_slices(self, ranker: str) -> dict[str, int]:
        """The slices in which the ranker has 0 by the first measure and another one has more, with their queries."""
        return {
            name: count
            for name, count in self.slices.items()
            if self.of(name, ranker, MEASURES[0]).mean == 0
            and any(self.of(name, other, MEASURES[0]).mean > 0 for other in self.rankers)
        }

    def below(self, thresholds: Mapping[str, float]) -> list[Result]:
        """The results of the last ranker, on all queries, whose means are below those of `thresholds` by measure."""
        last = [self.of(ALL_QUERIES, self.rankers[-1], measure) for measure in thresholds]
        return [result for result in last if result.mean < thresholds[result.measure]]

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON, such as `slices`.NAME.`rankers`.NAME.MEASURE.`mean`."""
        slices: dict[str, Any] = {
            name: {"queries": count, "rankers": {ranker: {} for ranker in self.rankers}}
            for name, count in self.slices.items()
        }
        for result in self.results:
            numbers = {key: value for key, value in asdict(result).items() if key not in {"slice", "measure", "ranker"}}
            slices[result.slice]["rankers"][result.ranker][result.measure] = numbers
        return {
            "format": 2,
            "view": self.view,
            "baseline": self.baseline,
            "gain": self.gain,
            "level": CONFIDENCE_LEVEL,
            "resamples": self.resamples,
            "seed": self.seed,
            "judgments": self.judgments,
            "slices": slices,
            "pairwise_tests": [asdict(test) for test in self.pairwise_tests],
        }

    def to_markdown(self) -> str:
        """A Markdown table for each slice, and one of the pairwise tests if there are more than two rankers."""
        parts = []
        for name, rows in self._tables():
            parts += [f"### {self.title_of(name)}\n", *markdown_table([["ranker", *REPORTED_MEASURES], *rows]), ""]
        parts += [self.legend, ""]
        if len(self.rankers) > 2:
            parts += [
                f"### {self.title_of(ALL_QUERIES)}, pairwise tests\n",
                *markdown_table(self.crosstab()),
                "",
            ]
            parts += [f"{MEASURES[0]} of the row's ranker minus the column's (p, Holm-corrected for all pairs).", ""]
        return "\n".join(parts)

    def crosstab(self) -> list[list[str]]:
        """The pairwise tests as a table of text: a row and a column for each ranker, with a head."""
        return crosstab(self.rankers, self.pairwise_tests)

    @property
    def legend(self) -> str:
        """What the numbers and signs of a cell mean."""
        zero = self.zero_slices(self.baseline)
        return (
            f"Mean with its {CONFIDENCE_LEVEL:.0%} interval ({self.resamples} bootstrap resamples of the queries). "
            f"* significantly different from {self.baseline} (randomisation test, Holm-corrected, "
            f"p < {1 - CONFIDENCE_LEVEL:.2f}){f'; not marked where {self.baseline} has 0' if zero else ''}. "
            f"nDCG has {self.gain} gain."
        )

    def title_of(self, slice_: str) -> str:
        """What was ranked, the name of a slice, and the number of its queries."""
        return f"{self.view}: {slice_} ({counted(self.slices[slice_], 'query')})"

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str], Result]:
        return {(result.slice, result.ranker, result.measure): result for result in self.results}

    def _tables(self) -> Iterator[tuple[str, list[list[str]]]]:
        for name in self.slices:
            yield (
                name,
                [
                    [ranker, *(self._cell(self.of(name, ranker, measure)) for measure in REPORTED_MEASURES)]
                    for ranker in self.rankers
                ],
            )

    def _cell(self, result: Result) -> str:
        return f"{result.mean:.3f} [{result.low:.3f}, {result.high:.3f}]{'*' if self.starred(result) else ''}"


def compare(
    runs: Mapping[str, Run],
    qrels: Qrels,
    slices: Mapping[str, Collection[str]] | None = None,
    *,
    view: str = "whole index",
    baseline: str | None = None,
    alternatives: Collection[str] = (),
    gain: Gain = "linear",
    resamples: int = RESAMPLES,
    seed: int = 7,
) -> Comparison:
    """Compares the runs of rankers with a baseline, on all judged queries and on each slice of them.

    Without `baseline` that is the first ranker, or one of the `alternatives` where the first one says too little
    (`default_baseline`). `slices` are queries by name; queries without judgments are left out, and so are slices that
    have no others. `view` says what was ranked. InputError when there is no run, no judgment, no run of the baseline,
    or a product twice in the results of a query.
    """
    if not runs:
        raise InputError("runs", "there is no ranker to compare; give at least one")
    queries = qrels.queries()
    if not queries:
        raise InputError("judgments", "there are none; give the judgments of at least one query")
    rankers = tuple(runs)
    if baseline is not None:
        require_ranker(baseline, rankers)
    values = np.stack([per_query(run, qrels, gain=gain) for run in runs.values()])
    masks = {ALL_QUERIES: np.ones(len(queries), dtype=bool)}
    for name, wanted in (slices or {}).items():
        members = frozenset(wanted)
        mask = np.array([query in members for query in queries])
        if mask.any():
            masks.setdefault(name, mask)
    if baseline is None:
        baseline = default_baseline(rankers, values[..., 0], masks.values(), alternatives)
    base = rankers.index(baseline)
    return Comparison(
        view=view,
        baseline=baseline,
        rankers=rankers,
        slices={name: int(mask.sum()) for name, mask in masks.items()},
        results=tuple(
            result
            for name, mask in masks.items()
            for result in _results(name, rankers, base, values[:, mask], resamples=resamples, seed=seed)
        ),
        pairwise_tests=pairwise_tests(rankers, values[..., 0], resamples=resamples, seed=seed),
        gain=gain,
        resamples=resamples,
        seed=seed,
        judgments=qrels.digest,
    )


def _results(
    name: str, rankers: tuple[str, ...], base: int, values: Values, *, resamples: int, seed: int
) -> Iterator[Result]:
    """The results of one slice; `values` is (rankers, queries, measures), `base` the baseline's place among rankers."""
    shape = (len(rankers), len(MEASURES))
    low, high = (ends.reshape(shape) for ends in bootstrap_intervals(_columns(values), resamples=resamples, seed=seed))
    means = values.mean(axis=1)
    p_values = randomisation_p_values(_columns(values - values[base]), resamples=resamples, seed=seed).reshape(shape)
    others = [row for row in range(len(rankers)) if row != base]
    for column, measure in enumerate(MEASURES):
        corrected = dict(zip(others, holm(p_values[others, column].tolist()), strict=True))
        for row, ranker in enumerate(rankers):
            mean, lower, upper = (float(each[row, column]) for each in (means, low, high))
            if row == base:
                yield Result(name, measure, ranker, mean, lower, upper)
                continue
            difference = float(means[row, column] - means[base, column])
            yield Result(
                name, measure, ranker, mean, lower, upper, difference, float(p_values[row, column]), corrected[row]
            )


def _columns(values: Values) -> Values:
    """(rankers, queries, measures) as (queries, rankers * measures)."""
    return values.transpose(1, 0, 2).reshape(values.shape[1], -1)
