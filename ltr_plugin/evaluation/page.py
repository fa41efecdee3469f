"""The report as one self-contained HTML page: tables, curves, wins and losses, and examples with photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ltr_plugin.evaluation.ablation import Ablation
from ltr_plugin.evaluation.curves import LEVELS
from ltr_plugin.evaluation.measures import SHOWN
from ltr_plugin.evaluation.report import ALL, Comparison, Result

COLOURS = ("#6b7280", "#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#a16207", "#be185d", "#4d7c0f")
WIDTH, HEIGHT = 420, 260
"""Of a plot, in its own units."""


@dataclass(frozen=True)
class Item:
    """A product on the page; `photo` is a data URL, `grade` None where nobody judged it."""

    id: str
    title: str
    photo: str | None
    grade: int | None


@dataclass(frozen=True)
class Example:
    """A query with what two rankers answer. `photo` and `sound` are data URLs of what the shopper asked with."""

    query: str
    text: str | None
    photo: str | None
    sound: str | None
    gain: float
    answers: Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Page:
    """What the report shows. `curves` are precisions at LEVELS by ranker, `gains` sorted gains over the baseline.

    `won` and `lost` are examples of the last ranker against the baseline, the greatest differences first.
    """

    title: str
    comparison: Comparison
    judged: Comparison
    curves: Mapping[str, npt.NDArray[np.float64]]
    gains: Mapping[str, Sequence[float]]
    won: Sequence[Example] = ()
    lost: Sequence[Example] = ()
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
            measures=SHOWN,
            all=ALL,
            views=(self.comparison, self.judged),
            recall=[_points(LEVELS, curve) for curve in self.curves.values()],
            bars=_bars,
            share=_share,
            grid=[0, 0.25, 0.5, 0.75, 1],
            width=WIDTH,
            height=HEIGHT,
            created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


def _points(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> str:
    """The corners of a line through values from 0 to 1."""
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return " ".join(f"{across * WIDTH:.1f},{(1 - up) * HEIGHT:.1f}" for across, up in pairs)


def _bars(gains: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """x, y, width and height of a bar a query, best first, around the middle line."""
    step = WIDTH / max(1, len(gains))
    middle = HEIGHT / 2
    return [
        (place * step, middle - max(gain, 0) * middle, max(step - 0.4, 0.4), max(abs(gain) * middle, 0.4))
        for place, gain in enumerate(gains)
    ]


def _share(result: Result) -> tuple[float, float, float]:
    """The mean, and the ends of its interval, in percent."""
    return 100 * result.mean, 100 * result.low, 100 * result.high
