"""The verdict of a comparison: which ranker to serve, in one sentence, and what must be known beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ltr_plugin.errors import counted
from ltr_plugin.evaluation.comparison import ALL_QUERIES, Comparison, Result
from ltr_plugin.evaluation.measures import MEASURES
from ltr_plugin.evaluation.significance import format_p

MEASURE = MEASURES[0]
MAX_NAMED = 4
"""Slices that a note names."""


@dataclass(frozen=True)
class Verdict:
    """Which ranker to serve by the first measure on all queries.

    `promote` says whether `ranker` is better than the baseline beyond chance, on queries that it has not seen;
    otherwise it is the baseline itself. `sentence` says so with the numbers, `notes` what limits it.
    """

    ranker: str
    promote: bool
    sentence: str
    notes: tuple[str, ...] = ()


def verdict_of(comparison: Comparison, seen: Mapping[str, int] | None = None) -> Verdict:
    """The verdict of a comparison.

    The ranker with the highest mean among those that are significantly better than the baseline is best; without any,
    the baseline is to be kept. `seen` has the rankers that were trained with some of the queries, and how many of these
    are known.
    """
    baseline, queries = comparison.baseline, counted(comparison.slices[ALL_QUERIES], "query")
    others = [comparison.of(ALL_QUERIES, name, MEASURE) for name in comparison.rankers if name != baseline]
    seen, notes = dict(seen or {}), _zero_note(comparison)
    ranker, promote = baseline, False
    if not others:
        mean = comparison.of(ALL_QUERIES, baseline, MEASURE).mean
        sentence = f"{baseline} has {MEASURE} {mean:.3f} over {queries}: name another ranker to compare it with."
    else:
        better = [one for one in others if one.significant and (one.difference or 0) > 0]
        best = max(better or others, key=lambda one: one.mean)
        measured = f"{MEASURE} {best.mean:.3f} over {queries}, {_difference(best)} {baseline}"
        chance = f"p {format_p(1.0 if best.p_holm is None else best.p_holm)}, Holm-corrected"
        if not better:
            next_best = f"The next, {best.ranker}, has {measured} ({chance})."
            sentence = f"Keep {baseline}: no ranker is better beyond chance. {next_best}"
        elif number := seen.pop(best.ranker, 0):
            sentence = (
                f"{best.ranker} is best, with {measured}, which is beyond chance ({chance}), but it was trained with "
                f"{number} or more of these queries: evaluate it with others before you promote it."
            )
        else:
            ranker, promote = best.ranker, True
            sentence = f"Promote {ranker}: it is best, with {measured}, which is beyond chance ({chance})."
        if better:
            notes = [*_equals(comparison, best), *notes]
    return Verdict(ranker, promote, sentence, (*notes, *_seen_notes(seen)))


def _difference(result: Result) -> str:
    difference = result.difference or 0.0
    if abs(difference) < 0.0005:
        return "as much as"
    return f"{abs(difference):.3f} {'more' if difference > 0 else 'less'} than"


def _equals(comparison: Comparison, best: Result) -> list[str]:
    """A note on the rankers that the best one cannot be told from."""
    p_values = {
        ({test.first, test.second} - {best.ranker}).pop(): test.p_holm
        for test in comparison.pairwise_tests
        if best.ranker in (test.first, test.second)
    }
    near = [name for name, p in p_values.items() if p >= 0.05 and name != comparison.baseline]
    told = [
        f"{name} ({comparison.of(ALL_QUERIES, name, MEASURE).mean:.3f}, p {format_p(p_values[name])})" for name in near
    ]
    return [f"The difference from {' and '.join(told)} may be chance."] if told else []


def _zero_note(comparison: Comparison) -> list[str]:
    """What the baseline finds nothing of; or why the baseline is not the first ranker."""
    first, baseline = comparison.rankers[0], comparison.baseline
    if zero := comparison.zero_slices(baseline):
        nothing = f"{baseline} has {MEASURE} 0 on {_named(zero)}, where a difference from it says nothing"
        return [f"{nothing}: compare with another baseline too, such as vectors."]
    if first != baseline and (zero := comparison.zero_slices(first)):
        return [f"The baseline is {baseline}: {first} has {MEASURE} 0 on {_named(zero)}."]
    return []


def _seen_notes(seen: Mapping[str, int]) -> list[str]:
    """Which other rankers were trained with some of the queries."""
    return [
        f"{name} was trained with {number} or more of these queries, so its numbers are too good."
        for name, number in seen.items()
    ]


def _named(slices: Mapping[str, int]) -> str:
    named = [f"{name} ({counted(number, 'query')})" for name, number in list(slices.items())[:MAX_NAMED]]
    more = f" and {len(slices) - MAX_NAMED} more slices" if len(slices) > MAX_NAMED else ""
    return f"{', '.join(named)}{more}"
