"""The report: one self-contained HTML page with tables, plots, wins and losses by query, and examples with photos."""

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
"""Width and height of a plot, in SVG units."""


@dataclass(frozen=True)
class ResultItem:
    """A product on the page; `photo` is a data URL, `grade` is None without a judgment."""

    id: str
    title: str
    photo: str | None
    grade: int | None


@dataclass(frozen=True)
class QueryExample:
    """A query with the results of two rankers.

    `photo` and `audio` are data URLs of the query's own photo and audio. `difference` is that of the two rankers.
    """

    query: str
    text: str | None
    photo: str | None
    audio: str | None
    difference: float
    results: Mapping[str, Sequence[ResultItem]]


@dataclass(frozen=True)
class ReportPage:
    """The content of the report.

    `comparison` ranks the whole index, `judged_only` the judged products. `curves` are precisions at RECALL_LEVELS by
    ranker, `differences` the differences of each ranker from the baseline, by query and sorted. `wins` and `losses` are
    examples of the last ranker against the baseline, with the largest differences first. `facts` stand in the head.
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
        """The page; text of queries and products is escaped."""
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
            percent=_percent,
            grid=[0, 0.25, 0.5, 0.75, 1],
            width=WIDTH,
            height=HEIGHT,
            created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


def _points(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> str:
    """The points of an SVG polyline; both axes go from 0 to 1."""
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return " ".join(f"{left * WIDTH:.1f},{(1 - up) * HEIGHT:.1f}" for left, up in pairs)


def _bars(differences: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """x, y, width and height of a bar for each query, upwards from the middle line for positive differences."""
    step = WIDTH / max(1, len(differences))
    middle = HEIGHT / 2
    return [
        (number * step, middle - max(difference, 0) * middle, max(step - 0.4, 0.4), max(abs(difference) * middle, 0.4))
        for number, difference in enumerate(differences)
    ]


def _percent(result: Result) -> tuple[float, float, float]:
    """The mean and the ends of its interval, in percent."""
    return 100 * result.mean, 100 * result.low, 100 * result.high
