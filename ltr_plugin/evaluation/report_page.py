"""The report: one self-contained HTML page with the verdict, tables, plots, all queries, and examples with photos."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ltr_plugin.evaluation.ablation import Ablation
from ltr_plugin.evaluation.comparison import ALL_QUERIES, Comparison, Result
from ltr_plugin.evaluation.curves import RECALL_LEVELS
from ltr_plugin.evaluation.latency import Latency
from ltr_plugin.evaluation.measures import REPORTED_MEASURES
from ltr_plugin.evaluation.query_table import QueryTable
from ltr_plugin.evaluation.ranker_summary import RankerSummary
from ltr_plugin.evaluation.significance import format_p
from ltr_plugin.evaluation.verdict import Verdict

if TYPE_CHECKING:
    from markupsafe import Markup

COLOURS = ("#6b7280", "#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#a16207", "#be185d", "#4d7c0f")
WIDTH, HEIGHT = 420, 260
"""Width and height of a plot, in SVG units."""

MOST_FEATURES = 12
"""Features of a ranker that are shown at once."""

BYTE_ORDER_MARK = "\ufeff"
"""The beginning of a CSV file by which spreadsheets know that it is UTF-8."""


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

    `comparison` ranks the whole index, `judged_only` the judged products; `verdict` is that of `comparison`. `curves`
    are precisions at RECALL_LEVELS by ranker, `queries` has the measure of each query. `wins` and `losses` are examples
    of the ranker `compared` against the baseline, with the largest differences first. `facts` stand in the head.
    `latency` and `summaries` are by ranker; `unknown` are trained rankers without a summary.
    """

    title: str
    comparison: Comparison
    judged_only: Comparison
    verdict: Verdict
    curves: Mapping[str, npt.NDArray[np.float64]]
    queries: QueryTable
    compared: str = ""
    wins: Sequence[QueryExample] = ()
    losses: Sequence[QueryExample] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    summaries: Mapping[str, RankerSummary] = field(default_factory=dict)
    unknown: Sequence[str] = ()
    ablation: Ablation | None = None

    def to_html(self) -> str:
        """The page; text of queries and products is escaped, and no script runs but its own."""
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup

        environment = Environment(
            loader=PackageLoader("ltr_plugin.evaluation", "."), autoescape=True, undefined=StrictUndefined
        )
        rankers = self.comparison.rankers
        script = files("ltr_plugin.evaluation").joinpath("report.js").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
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
            p_value=format_p,
            breakable=_breakable,
            most=MOST_FEATURES,
            csv=_data_url("text/csv;charset=utf-8", BYTE_ORDER_MARK + self.queries.to_csv()),
            script=Markup(script),  # noqa: S704 - a file of this package
            script_sha256=digest,
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


def _data_url(kind: str, text: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


def _breakable(name: str) -> "Markup":
    """A name, escaped, that may continue on the next line behind a full stop, a slash, an underscore or a hyphen."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([./_-])(?=[A-Za-z])", r"\1<wbr>", str(escape(name))))  # noqa: S704 - it is escaped
