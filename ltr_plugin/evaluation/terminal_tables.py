"""Comparisons and ablations as tables for a terminal of 80 columns, however many rankers they have."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from ltr_plugin.evaluation.ablation import BLIND_BASELINE, Ablation
from ltr_plugin.evaluation.comparison import ALL_QUERIES, Comparison, Result
from ltr_plugin.evaluation.measures import MEASURES, REPORTED_MEASURES
from ltr_plugin.evaluation.significance import format_p

if TYPE_CHECKING:
    from rich.table import Table


def comparison_tables(comparison: Comparison) -> "list[Table]":
    """All reported measures on all queries, and the first of them on each slice with intervals and differences."""
    return [_measures(comparison), _slices(comparison)]


def summary_table(comparison: Comparison, slices: Collection[str]) -> "Table":
    """The first measure of every ranker, on all queries and on those of the `slices` that exist."""
    columns = [name for name in comparison.slices if name == ALL_QUERIES or name in slices]
    table = _table(f"{MEASURES[0]}, {comparison.view} (number of queries)", "ranker")
    for name in columns:
        table.add_column(f"{name}\n({comparison.slices[name]})", justify="right", no_wrap=True)
    for ranker in comparison.rankers:
        table.add_row(ranker, *(_mean(comparison, comparison.of(name, ranker, MEASURES[0])) for name in columns))
    table.caption = _legend(comparison)
    return table


def ablation_table(ablation: Ablation) -> "Table":
    """For each removal the mean of every ranker with its interval, its change, and the modality-blind baseline."""
    from rich.text import Text

    table = _table(f"{ablation.measure} when a modality is removed", "removed (queries), ranker")
    for name in ("mean", "95 % interval", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in ablation.rows:
        table.add_row(Text(f"{row.removal} ({row.queries:,})", style="bold"))
        for name, cell in row.cells.items():
            mean = f"{cell.mean:.3f} {' ' if cell.non_inferior else '!'}"
            change = f"{cell.mean - cell.mean_before:+.3f}"
            table.add_row(Text.assemble("  ", name), mean, f"{cell.low:.3f}-{cell.high:.3f}", change)
        if row.blind_baseline and row.blind_baseline_mean is not None:
            blind = Text.assemble("  ", f"{BLIND_BASELINE} {row.blind_baseline}")
            table.add_row(blind, f"{row.blind_baseline_mean:.3f}  ")
        table.add_section()
    table.caption = ablation.legend
    return table


def _measures(comparison: Comparison) -> "Table":
    table = _table(comparison.title_of(ALL_QUERIES), "ranker", gap=1)
    for measure in REPORTED_MEASURES:
        table.add_column(measure.replace("Judged@", "Judged\n@"), justify="right", no_wrap=True)
    for ranker in comparison.rankers:
        results = [comparison.of(ALL_QUERIES, ranker, measure) for measure in REPORTED_MEASURES]
        table.add_row(ranker, *(_mean(comparison, result) for result in results))
    return table


def _slices(comparison: Comparison) -> "Table":
    from rich.text import Text

    table = _table(f"{comparison.view}: {MEASURES[0]} by slice", "slice (queries), ranker")
    for name in ("mean", "95 % interval", "difference", "p (Holm)"):
        table.add_column(name, justify="right", no_wrap=True)
    for slice_, count in comparison.slices.items():
        table.add_row(Text(f"{slice_} ({count:,})", style="bold"))
        for ranker in comparison.rankers:
            one = comparison.of(slice_, ranker, MEASURES[0])
            compared = ["", ""]
            if one.difference is not None and one.p_holm is not None:
                compared = [f"{one.difference:+.3f}", format_p(one.p_holm)]
            interval = f"{one.low:.3f}-{one.high:.3f}"
            table.add_row(Text.assemble("  ", ranker), _mean(comparison, one), interval, *compared)
        table.add_section()
    table.caption = f"{_legend(comparison)} nDCG has {comparison.gain} gain."
    return table


def _table(title: str, first: str, *, gap: int = 2) -> "Table":
    """An empty table whose columns have `gap` blanks between them; a long name continues on the next line."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, gap - 1, 0, 0),
        highlight=False,
    )
    table.add_column(first, overflow="fold")
    return table


def _mean(comparison: Comparison, result: Result) -> str:
    """A mean with its sign; without one, a blank stands for it, so that digits are below each other."""
    return f"{result.mean:.3f}{'*' if comparison.starred(result) else ' '}"


def _legend(comparison: Comparison) -> str:
    zero = f"; not marked where {comparison.baseline} has 0" if comparison.zero_slices(comparison.baseline) else ""
    return f"* significantly different from {comparison.baseline} (p < 0.05, Holm-corrected){zero}."
