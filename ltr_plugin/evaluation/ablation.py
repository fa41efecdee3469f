"""How rankings hold up where a modality is missing: taken from the queries, or from a share of the products."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from ltr_plugin.catalog.product import Modality
from ltr_plugin.decoding import Form, decode
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.markdown import markdown
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import Values, bootstrap_intervals
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.card import feature_set_of
from ltr_plugin.rankers.modalities import Gaps

if TYPE_CHECKING:
    from rich.table import Table

MEASURE = MEASURES[0]
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)

_PARTS: Mapping[Modality, tuple[str, ...]] = {"video": ("video", "soundtrack", "motion")}
"""What vectors of a modality are named after, where that is not the modality alone."""


class Removal(Form):
    """A modality taken from the queries that have another one beside it, or from a share of the products."""

    side: Literal["query", "product"]
    modality: Modality
    share: float = 1.0

    def __str__(self) -> str:
        if self.side == "query":
            return f"queries without their {self.modality}"
        return f"{self.share:.0%} of products without {self.modality}"


class Cell(Form):
    """One ranker under one removal: its mean with the ends of the 95 % interval, and its mean `before`, for the same
    queries with nothing removed.

    `margin` is the mean difference from the best ranker that was trained without the modality, with the ends of its
    interval; None where there is no such ranker.
    """

    before: float
    mean: float
    low: float
    high: float
    margin: tuple[float, float, float] | None = None

    @property
    def kept(self) -> bool:
        """Whether it is as good as the best ranker trained without the modality, within the interval."""
        return self.margin is None or self.margin[2] >= 0


class Row(Form):
    """One removal: the cells by ranker, and the best of the rankers trained without the modality, with its mean."""

    removal: Removal
    queries: int
    cells: dict[str, Cell]
    rival: str | None = None
    rival_mean: float | None = None


class Ablation(Form):
    """The matrix of removals and rankers; `seed` chose the products."""

    format: Literal[1] = 1
    measure: str = MEASURE
    index: str
    judgments: str
    seed: int
    rankers: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The matrix in a JSON file; InputError when there is none."""
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(str(path), f"cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise InputError(str(path), f"no JSON: {error}") from None
        return decode(cls, value, source=str(path))

    def write(self, path: Path) -> None:
        """Writes it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.part")
        beside.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        beside.replace(path)

    @property
    def kept(self) -> bool:
        """Whether every cell is; one in forty falls out by luck where two rankers are alike."""
        return all(cell.kept for row in self.rows for cell in row.cells.values())

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
                lines.setdefault(name, [(0.0, cell.before)]).append((row.removal.share, cell.mean))
            if row.rival_mean is not None:
                lines.setdefault(f"trained without {row.removal.modality}", []).append(
                    (row.removal.share, row.rival_mean)
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
        return "\n".join([*markdown(self._cells()), "", self.legend, ""])

    @property
    def legend(self) -> str:
        """What the numbers of a cell are."""
        return (
            "Mean with its 95 % interval, and the change from nothing removed, for the same queries. "
            "! falls below the best ranker trained without the modality, by more than the interval of the difference."
        )

    def _cells(self) -> list[list[str]]:
        rivals = any(row.rival for row in self.rows)
        head = ["missing (queries)", *self.rankers, *(["trained without it"] if rivals else [])]
        rows = [
            [
                f"{row.removal} ({row.queries})",
                *(_shown(row.cells[name]) for name in self.rankers),
                *([f"{row.rival_mean:.3f} {row.rival}" if row.rival else ""] if rivals else []),
            ]
            for row in self.rows
        ]
        return [head, *rows]


def ablated(
    removal: Removal, runs: Mapping[str, Run], before: Mapping[str, Run], rivals: Mapping[str, Run], qrels: Qrels
) -> Row:
    """The row of a removal: `runs` and `rivals` with the modality removed, `before` with nothing removed.

    All judged queries of `qrels` count.
    """
    values = {name: _measured(run, qrels) for name, run in runs.items()}
    others = {name: _measured(run, qrels) for name, run in rivals.items()}
    rival = max(others, key=lambda name: others[name].mean(), default=None)
    means = {name: float(_measured(run, qrels).mean()) for name, run in before.items()}
    cells = {}
    for name, own in values.items():
        mean, low, high = _interval(own)
        margin = None if rival is None else _interval(own - others[rival])
        cells[name] = Cell(before=means[name], mean=mean, low=low, high=high, margin=margin)
    best = None if rival is None else float(others[rival].mean())
    return Row(removal=removal, queries=len(qrels), cells=cells, rival=rival, rival_mean=best)


def taken(gaps: Gaps, values: Floats, modality: Modality, *, query: bool = False, product: bool = False) -> Floats:
    """Rows of total values as if the query, or the product, had nothing of the modality."""
    parts = _PARTS.get(modality, (modality,))
    return gaps.without(values, query=parts if query else (), product=parts if product else ())


def without_modality(table: FeatureTable, modality: Modality) -> FeatureTable:
    """The table as if no query and no product had anything of the modality, to train a ranker that does not know it."""
    gaps = Gaps(feature_set_of(table))
    return replace(table, values=taken(gaps, table.total, modality, query=True, product=True))


def _interval(values: Values) -> tuple[float, float, float]:
    """The mean with the ends of its interval."""
    low, high = bootstrap_intervals(values[:, None])
    return float(values.mean()), float(low[0]), float(high[0])


def _measured(run: Run, qrels: Qrels) -> Values:
    return per_query(run, qrels)[:, MEASURES.index(MEASURE)]


def _shown(cell: Cell) -> str:
    change = cell.mean - cell.before
    return f"{cell.mean:.3f} [{cell.low:.3f}, {cell.high:.3f}] {change:+.3f}{'' if cell.kept else ' !'}"
