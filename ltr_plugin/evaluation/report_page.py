"""The report as one self-contained HTML page: tables, curves, wins and losses, and examples with photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ltr_plugin.evaluation.ablation import Ablation
from ltr_plugin.evaluation.comparison import ALL_QUERIES, Comparison, Result
from ltr_plugin.evaluation.curves import RECALL_LEVELS
from ltr_plugin.evaluation.measures import REPORTED_MEASURES

COLOURS = ("#6b7280", "#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#a16207", "#be185d", "#4d7c0f")
WIDTH, HEIGHT = 420, 260
"""Of a plot, in its own units."""


@dataclass(frozen=True)
class ResultItem:
    """A product on the page; `photo` is a data URL, `grade` None where nobody judged it."""

    id: str
    title: str
    photo: str | None
    grade: int | None


@dataclass(frozen=True)
class QueryExample:
    """A query with what two rankers answer. `photo` and `sound` are data URLs of what the shopper asked with."""

    query: str
    text: str | None
    photo: str | None
    audio: str | None
    difference: float
    results: Mapping[str, Sequence[ResultItem]]


@dataclass(frozen=True)
class ReportPage:
    """What the report shows. `curves` are precisions at LEVELS by ranker, `differences` sorted gains over the baseline.

    `wins` and `losses` are examples of the last ranker against the baseline, the greatest differences first.
    """

    title: str
    comparison: Comparison
    judged_only: Comparison
    curves: Mapping[str, npt.NDArray[np.float64]]
    differences: Mapping[str, Sequence[float]]
    wins: Sequence[QueryExample] = ()
    losses: Sequence[QueryExample] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    ablation: Ablation | None = None

    def to_html(self) -> str:
        """The page; all that comes from queries and products is escaped."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("ltr_plugin.evaluation", "."), autoescape=True, undefined=StrictUndefined
        )
        rankers = self.comparison.rankers
        return environment.get_template("report.html.j2").render(
            page=self,
            ablation=self.ablation,
            rankers=rankers,
            colours=dict(zip(rankers, COLOURS * (len(rankers) // len(COLOURS) + 1), strict=False)),
            measures=REPORTED_MEASURES,
            all=ALL_QUERIES,
            views=(self.comparison, self.judged_only),
            recall=[_points(RECALL_LEVELS, curve) for curve in self.curves.values()],
            bars=_bars,
            share=_percent,
            grid=[0, 0.25, 0.5, 0.75, 1],
            width=WIDTH,
            height=HEIGHT,
            created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


def _points(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> str:
    """The corners of a line through values from 0 to 1."""
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return " ".join(f"{across * WIDTH:.1f},{(1 - up) * HEIGHT:.1f}" for across, up in pairs)


def _bars(differences: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """x, y, width and height of a bar a query, best first, around the middle line."""
    step = WIDTH / max(1, len(differences))
    middle = HEIGHT / 2
    return [
        (place * step, middle - max(difference, 0) * middle, max(step - 0.4, 0.4), max(abs(difference) * middle, 0.4))
        for place, difference in enumerate(differences)
    ]


def _percent(result: Result) -> tuple[float, float, float]:
    """The mean, and the ends of its interval, in percent."""
    return 100 * result.mean, 100 * result.low, 100 * result.high
