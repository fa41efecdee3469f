"""Ablation: the quality of rankings when a modality is removed from the queries, or from a share of the products.

Each ranker is compared with modality-blind baselines: rankers of the same kinds that were trained without the modality.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from ltr_plugin.catalog.product import Modality
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.markdown_table import markdown_table
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import Values, bootstrap_intervals
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.files import write_atomic
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.validation import StrictModel, decode, read_json

PRIMARY_MEASURE = MEASURES[0]
BLIND_BASELINE = "modality-blind baseline"
"""The name of the best modality-blind baseline in tables and curves."""
REMOVED_FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)

_VECTOR_SOURCES: Mapping[Modality, tuple[str, ...]] = {"video": ("video", "soundtrack", "motion")}
"""The sources that vectors of a modality are named after, where there are others than the modality itself."""


class Removal(StrictModel):
    """A modality removed from the queries that also have another one, or from a share (`fraction`) of the products."""

    side: Literal["query", "product"]
    modality: Modality
    fraction: float = 1.0

    def __str__(self) -> str:
        if self.side == "query":
            return f"queries without their {self.modality}"
        return f"{self.fraction:.0%} of products without {self.modality}"


class Cell(StrictModel):
    """One ranker under one removal: `mean` with its 95 % interval from `low` to `high`.

    `mean_before` is the mean of the same queries with nothing removed. `difference_from_blind` is the mean difference
    from the best modality-blind baseline, with the ends of its 95 % interval; None without a baseline.
    """

    mean_before: float
    mean: float
    low: float
    high: float
    difference_from_blind: tuple[float, float, float] | None = None

    @property
    def non_inferior(self) -> bool:
        """Whether the interval of the difference from the modality-blind baseline reaches 0."""
        return self.difference_from_blind is None or self.difference_from_blind[2] >= 0


class Row(StrictModel):
    """One removal: a cell for each ranker, and the best modality-blind baseline with its mean."""

    removal: Removal
    queries: int
    cells: dict[str, Cell]
    blind_baseline: str | None = None
    blind_baseline_mean: float | None = None


class Ablation(StrictModel):
    """A row for each removal, with a cell for each ranker; `seed` chose the products that lose a modality."""

    format: Literal[2] = 2
    measure: str = PRIMARY_MEASURE
    index: str
    judgments: str
    seed: int
    rankers: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The ablation in a JSON file; InputError when there is none, or it is of another release."""
        value = read_json(path)
        if isinstance(value, dict) and value.get("format") == 1:
            raise InputError(str(path), "was written by ltr 0.1; run `ltr ablate` again")
        return decode(cls, value, source=str(path))

    def write(self, path: Path) -> None:
        """Writes the ablation as a JSON file; missing folders are created."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, self.model_dump_json(indent=2) + "\n")

    @property
    def non_inferior(self) -> bool:
        """Whether all cells are; of cells without a true difference, one in forty is not, by chance."""
        return all(cell.non_inferior for row in self.rows for cell in row.cells.values())

    def curves(self) -> dict[Modality, dict[str, list[tuple[float, float]]]]:
        """For each modality and ranker, points (share of products without the modality, mean), from share 0 on.

        The best modality-blind baseline is among the rankers, under the name BLIND_BASELINE.
        """
        curves: dict[Modality, dict[str, list[tuple[float, float]]]] = {}
        for row in self.rows:
            if row.removal.side == "query":
                continue
            points = curves.setdefault(row.removal.modality, {})
            for name, cell in row.cells.items():
                points.setdefault(name, [(0.0, cell.mean_before)]).append((row.removal.fraction, cell.mean))
            if row.blind_baseline_mean is not None:
                points.setdefault(BLIND_BASELINE, []).append((row.removal.fraction, row.blind_baseline_mean))
        return curves

    def to_markdown(self) -> str:
        """A Markdown table."""
        return "\n".join([*markdown_table(self._cells()), "", self.legend, ""])

    @property
    def legend(self) -> str:
        """What the numbers and signs of a cell mean."""
        return (
            "Mean with its 95 % interval, and the difference from the mean of the same queries with nothing removed. "
            "! inferior to the modality-blind baseline (95 % interval of the difference)."
        )

    def _cells(self) -> list[list[str]]:
        with_baseline = any(row.blind_baseline for row in self.rows)
        head = ["removed (queries)", *self.rankers, *([BLIND_BASELINE] if with_baseline else [])]
        rows = []
        for row in self.rows:
            cells = [f"{row.removal} ({row.queries})", *(_format_cell(row.cells[name]) for name in self.rankers)]
            if with_baseline:
                cells.append(f"{row.blind_baseline_mean:.3f} {row.blind_baseline}" if row.blind_baseline else "")
            rows.append(cells)
        return [head, *rows]


def evaluate_removal(
    removal: Removal,
    runs: Mapping[str, Run],
    runs_before: Mapping[str, Run],
    blind_baselines: Mapping[str, Run],
    qrels: Qrels,
) -> Row:
    """The row of a removal, over all judged queries of `qrels`.

    `runs` and `blind_baselines` are runs with the modality removed, `runs_before` those with nothing removed.
    """
    values = {name: _values_per_query(run, qrels) for name, run in runs.items()}
    before = {name: _values_per_query(run, qrels) for name, run in runs_before.items()}
    blind = {name: _values_per_query(run, qrels) for name, run in blind_baselines.items()}
    best = max(blind, key=lambda name: blind[name].mean(), default=None)
    cells = {}
    for name, own in values.items():
        mean, low, high = _interval(own)
        cells[name] = Cell(
            mean_before=float(before[name].mean()),
            mean=mean,
            low=low,
            high=high,
            difference_from_blind=None if best is None else _interval(own - blind[best]),
        )
    return Row(
        removal=removal,
        queries=len(qrels),
        cells=cells,
        blind_baseline=best,
        blind_baseline_mean=None if best is None else float(blind[best].mean()),
    )


def drop_modality(
    modality_mask: ModalityMask, values: Floats, modality: Modality, *, query: bool = False, product: bool = False
) -> Floats:
    """Rows of values as if the query, the product, or both, did not have the modality."""
    sources = _VECTOR_SOURCES.get(modality, (modality,))
    return modality_mask.drop(values, query=sources if query else (), product=sources if product else ())


def mask_modality(table: FeatureTable, modality: Modality) -> FeatureTable:
    """The table as if no query and no product had the modality, to train a modality-blind baseline."""
    modality_mask = ModalityMask(table.feature_set)
    return replace(table, values=drop_modality(modality_mask, table.zero_filled, modality, query=True, product=True))


def _interval(values: Values) -> tuple[float, float, float]:
    """The mean and the ends of its 95 % interval."""
    low, high = bootstrap_intervals(values[:, None])
    return float(values.mean()), float(low[0]), float(high[0])


def _values_per_query(run: Run, qrels: Qrels) -> Values:
    return per_query(run, qrels)[:, MEASURES.index(PRIMARY_MEASURE)]


def _format_cell(cell: Cell) -> str:
    change = cell.mean - cell.mean_before
    return f"{cell.mean:.3f} [{cell.low:.3f}, {cell.high:.3f}] {change:+.3f}{'' if cell.non_inferior else ' !'}"
