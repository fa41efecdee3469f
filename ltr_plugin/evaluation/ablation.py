"""How rankings hold up where a modality is missing: taken from the queries, or from a share of the products."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from ltr_plugin.catalog.product import Modality
from ltr_plugin.evaluation.markdown_table import markdown_table
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import Values, bootstrap_intervals
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.files import read_json, write_atomic
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.validation import StrictModel, decode

if TYPE_CHECKING:
    from rich.table import Table

PRIMARY_MEASURE = MEASURES[0]
REMOVED_FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)

_VECTOR_SOURCES: Mapping[Modality, tuple[str, ...]] = {"video": ("video", "soundtrack", "motion")}
"""What vectors of a modality are named after, where that is not the modality alone."""


class Removal(StrictModel):
    """A modality taken from the queries that have another one beside it, or from a share of the products."""

    side: Literal["query", "product"]
    modality: Modality
    fraction: float = 1.0

    def __str__(self) -> str:
        if self.side == "query":
            return f"queries without their {self.modality}"
        return f"{self.fraction:.0%} of products without {self.modality}"


class Cell(StrictModel):
    """One ranker under one removal: its mean with the ends of the 95 % interval, and its mean `before`, for the same
    queries with nothing removed.

    `difference_from_blind` is the mean difference from the best ranker that was trained without the modality, with the ends of its
    interval; None where there is no such ranker.
    """

    mean_before: float
    mean: float
    low: float
    high: float
    difference_from_blind: tuple[float, float, float] | None = None

    @property
    def non_inferior(self) -> bool:
        """Whether it is as good as the best ranker trained without the modality, within the interval."""
        return self.difference_from_blind is None or self.difference_from_blind[2] >= 0


class Row(StrictModel):
    """One removal: the cells by ranker, and the best of the rankers trained without the modality, with its mean."""

    removal: Removal
    queries: int
    cells: dict[str, Cell]
    blind_baseline: str | None = None
    blind_baseline_mean: float | None = None


class Ablation(StrictModel):
    """The matrix of removals and rankers; `seed` chose the products."""

    format: Literal[1] = 1
    measure: str = PRIMARY_MEASURE
    index: str
    judgments: str
    seed: int
    rankers: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The matrix in a JSON file; InputError when there is none."""
        return decode(cls, read_json(path), source=str(path))

    def write(self, path: Path) -> None:
        """Writes it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, self.model_dump_json(indent=2) + "\n")

    @property
    def non_inferior(self) -> bool:
        """Whether every cell is; one in forty falls out by luck where two rankers are alike."""
        return all(cell.non_inferior for row in self.rows for cell in row.cells.values())

    def curves(self) -> dict[Modality, dict[str, list[tuple[float, float]]]]:
        """For each modality of products and each ranker (share of products without it, mean), nothing removed first.

        The best ranker trained without the modality is among them as `trained without MODALITY`.
        """
        found: dict[Modality, dict[str, list[tuple[float, float]]]] = {}
        for row in self.rows:
            if row.removal.side == "query":
                continue
            lines = found.setdefault(row.removal.modality, {})
            for name, cell in row.cells.items():
                lines.setdefault(name, [(0.0, cell.mean_before)]).append((row.removal.fraction, cell.mean))
            if row.blind_baseline_mean is not None:
                lines.setdefault(f"trained without {row.removal.modality}", []).append(
                    (row.removal.fraction, row.blind_baseline_mean)
                )
        return found

    def to_table(self) -> "Table":
        """The matrix, for the terminal."""
        from rich.table import Table

        head, *rows = self._cells()
        table = Table(head[0], title=f"{self.measure} where a modality is missing", caption=self.legend)
        for name in head[1:]:
            table.add_column(name, justify="right")
        for cells in rows:
            table.add_row(*cells)
        return table

    def to_markdown(self) -> str:
        """The matrix, for files."""
        return "\n".join([*markdown_table(self._cells()), "", self.legend, ""])

    @property
    def legend(self) -> str:
        """What the numbers of a cell are."""
        return (
            "Mean with its 95 % interval, and the change from nothing removed, for the same queries. "
            "! falls below the best ranker trained without the modality, by more than the interval of the difference."
        )

    def _cells(self) -> list[list[str]]:
        blind_baselines = any(row.blind_baseline for row in self.rows)
        head = ["missing (queries)", *self.rankers, *(["trained without it"] if blind_baselines else [])]
        rows = [
            [
                f"{row.removal} ({row.queries})",
                *(_format_cell(row.cells[name]) for name in self.rankers),
                *(
                    [f"{row.blind_baseline_mean:.3f} {row.blind_baseline}" if row.blind_baseline else ""]
                    if blind_baselines
                    else []
                ),
            ]
            for row in self.rows
        ]
        return [head, *rows]


def evaluate_removal(
    removal: Removal,
    runs: Mapping[str, Run],
    runs_before: Mapping[str, Run],
    blind_baselines: Mapping[str, Run],
    qrels: Qrels,
) -> Row:
    """The row of a removal: `runs` and `blind_baselines` with the modality removed, `before` with nothing removed.

    All judged queries of `qrels` count.
    """
    values = {name: _values_per_query(run, qrels) for name, run in runs.items()}
    others = {name: _values_per_query(run, qrels) for name, run in blind_baselines.items()}
    blind_baseline = max(others, key=lambda name: others[name].mean(), default=None)
    means = {name: float(_values_per_query(run, qrels).mean()) for name, run in runs_before.items()}
    cells = {}
    for name, own in values.items():
        mean, low, high = _interval(own)
        difference_from_blind = None if blind_baseline is None else _interval(own - others[blind_baseline])
        cells[name] = Cell(
            mean_before=means[name], mean=mean, low=low, high=high, difference_from_blind=difference_from_blind
        )
    best = None if blind_baseline is None else float(others[blind_baseline].mean())
    return Row(
        removal=removal, queries=len(qrels), cells=cells, blind_baseline=blind_baseline, blind_baseline_mean=best
    )


def drop_modality(
    modality_mask: ModalityMask, values: Floats, modality: Modality, *, query: bool = False, product: bool = False
) -> Floats:
    """Rows of total values as if the query, or the product, had nothing of the modality."""
    sources = _VECTOR_SOURCES.get(modality, (modality,))
    return modality_mask.drop(values, query=sources if query else (), product=sources if product else ())


def mask_modality(table: FeatureTable, modality: Modality) -> FeatureTable:
    """The table as if no query and no product had anything of the modality, to train a ranker that does not know it."""
    modality_mask = ModalityMask(table.feature_set)
    return replace(table, values=drop_modality(modality_mask, table.zero_filled, modality, query=True, product=True))


def _interval(values: Values) -> tuple[float, float, float]:
    """The mean with the ends of its interval."""
    low, high = bootstrap_intervals(values[:, None])
    return float(values.mean()), float(low[0]), float(high[0])


def _values_per_query(run: Run, qrels: Qrels) -> Values:
    return per_query(run, qrels)[:, MEASURES.index(PRIMARY_MEASURE)]


def _format_cell(cell: Cell) -> str:
    change = cell.mean - cell.mean_before
    return f"{cell.mean:.3f} [{cell.low:.3f}, {cell.high:.3f}] {change:+.3f}{'' if cell.non_inferior else ' !'}"
