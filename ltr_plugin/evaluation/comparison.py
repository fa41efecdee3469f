"""Comparison of rankers: means, intervals and p-values of each measure, on each slice of the judged queries."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ltr_plugin.errors import InputError, counted
from ltr_plugin.evaluation.markdown_table import markdown_table
from ltr_plugin.evaluation.measures import MEASURES, REPORTED_MEASURES, Gain, per_query
from ltr_plugin.evaluation.pairwise_tests import PairwiseTest, crosstab, pairwise_tests
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import RESAMPLES, Values, bootstrap_intervals, holm, randomisation_p_values
from ltr_plugin.judgments.qrels import Qrels

if TYPE_CHECKING:
    from rich.table import Table

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

    `view` says what was ranked. `baseline` is the first of `rankers`. `slices` gives the number of queries of each
    slice. `pairwise_tests` compare all pairs of rankers by the first measure, on all queries. `judgments` is a digest.
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
        for result in self.results:
            if (result.slice, result.ranker, result.measure) == (slice_, ranker, measure):
                return result
        raise KeyError((slice_, ranker, measure))

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
            parts += [f"### {self._title(name)}\n", *markdown_table([["ranker", *REPORTED_MEASURES], *rows]), ""]
        parts += [self._legend(), ""]
        if len(self.rankers) > 2:
            parts += [
                f"### {self._title(ALL_QUERIES)}, pairwise tests\n",
                *markdown_table(self.crosstab()),
                "",
            ]
            parts += [f"{MEASURES[0]} of the row's ranker minus the column's (p, Holm-corrected for all pairs).", ""]
        return "\n".join(parts)

    def crosstab(self) -> list[list[str]]:
        """The pairwise tests as a table of text: a row and a column for each ranker, with a head."""
        return crosstab(self.rankers, self.pairwise_tests)

    def to_tables(self) -> "list[Table]":
        """A table for each slice, for the terminal; the caption of the last one explains numbers and signs."""
        from rich.table import Table

        tables = []
        for name, rows in self._tables():
            table = Table("ranker", title=self._title(name))
            for measure in REPORTED_MEASURES:
                table.add_column(measure, justify="right")
            for row in rows:
                table.add_row(*row)
            tables.append(table)
        tables[-1].caption = self._legend()
        return tables

    def to_summary(self, slices: Collection[str], measure: str = MEASURES[0]) -> "Table":
        """A table for the terminal: one measure of every ranker, on all queries and on those `slices` that exist."""
        from rich.table import Table

        columns = [name for name in self.slices if name == ALL_QUERIES or name in slices]
        table = Table("ranker", title=f"{measure}, {self.view}", caption=self._legend())
        for name in columns:
            table.add_column(f"{name} ({self.slices[name]})", justify="right")
        for ranker in self.rankers:
            table.add_row(ranker, *(_cell(self.of(name, ranker, measure)) for name in columns))
        return table

    def _tables(self) -> Iterator[tuple[str, list[list[str]]]]:
        cells = {(result.slice, result.ranker, result.measure): _cell(result) for result in self.results}
        for name in self.slices:
            yield (
                name,
                [[ranker, *(cells[name, ranker, measure] for measure in REPORTED_MEASURES)] for ranker in self.rankers],
            )

    def _title(self, name: str) -> str:
        return f"{self.view}: {name} ({counted(self.slices[name], 'query')})"

    def _legend(self) -> str:
        return (
            f"Mean with its {CONFIDENCE_LEVEL:.0%} interval ({self.resamples} bootstrap resamples of the queries). "
            f"* significantly different from {self.baseline} (randomisation test, Holm-corrected, "
            f"p < {1 - CONFIDENCE_LEVEL:.2f}). "
            f"nDCG has {self.gain} gain."
        )


def compare(
    runs: Mapping[str, Run],
    qrels: Qrels,
    slices: Mapping[str, Collection[str]] | None = None,
    *,
    view: str = "whole index",
    gain: Gain = "linear",
    resamples: int = RESAMPLES,
    seed: int = 7,
) -> Comparison:
    """Compares the runs of rankers with the first one, on all judged queries and on each slice of them.

    `slices` are queries by name; queries without judgments are left out, and so are slices that have no others. `view`
    says what was ranked. InputError when there is no run, no judgment, or a product twice in the results of a query.
    """
    if not runs:
        raise InputError("runs", "there is no ranker to compare; give at least one")
    queries = qrels.queries()
    if not queries:
        raise InputError("judgments", "there are none; give the judgments of at least one query")
    rankers = tuple(runs)
    values = np.stack([per_query(run, qrels, gain=gain) for run in runs.values()])
    masks = {ALL_QUERIES: np.ones(len(queries), dtype=bool)}
    for name, wanted in (slices or {}).items():
        members = frozenset(wanted)
        mask = np.array([query in members for query in queries])
        if mask.any():
            masks.setdefault(name, mask)
    return Comparison(
        view=view,
        baseline=rankers[0],
        rankers=rankers,
        slices={name: int(mask.sum()) for name, mask in masks.items()},
        results=tuple(
            result
            for name, mask in masks.items()
            for result in _results(name, rankers, values[:, mask], resamples=resamples, seed=seed)
        ),
        pairwise_tests=pairwise_tests(rankers, values[..., 0], resamples=resamples, seed=seed),
        gain=gain,
        resamples=resamples,
        seed=seed,
        judgments=qrels.digest,
    )


def _results(name: str, rankers: tuple[str, ...], values: Values, *, resamples: int, seed: int) -> Iterator[Result]:
    """The results of one slice; `values` is (rankers, queries, measures)."""
    shape = (len(rankers), len(MEASURES))
    low, high = (ends.reshape(shape) for ends in bootstrap_intervals(_columns(values), resamples=resamples, seed=seed))
    means = values.mean(axis=1)
    p_values = randomisation_p_values(_columns(values - values[0]), resamples=resamples, seed=seed).reshape(shape)
    for column, measure in enumerate(MEASURES):
        corrected = holm(p_values[1:, column].tolist())
        for row, ranker in enumerate(rankers):
            mean, lower, upper = (float(each[row, column]) for each in (means, low, high))
            if row == 0:
                yield Result(name, measure, ranker, mean, lower, upper)
                continue
            difference = float(means[row, column] - means[0, column])
            p = float(p_values[row, column])
            yield Result(name, measure, ranker, mean, lower, upper, difference, p, corrected[row - 1])


def _columns(values: Values) -> Values:
    """(rankers, queries, measures) as (queries, rankers * measures)."""
    return values.transpose(1, 0, 2).reshape(values.shape[1], -1)


def _cell(result: Result) -> str:
    return f"{result.mean:.3f} [{result.low:.3f}, {result.high:.3f}]{'*' if result.significant else ''}"
