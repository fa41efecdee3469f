"""One measure of every ranker on every query: what the table of the report and its CSV file show."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - the wide forms, which spreadsheets read alike
"""A cell that begins with one of these is a formula to a spreadsheet."""


@dataclass(frozen=True)
class QueryRow:
    """A query: its text if it has one, what it consists of, the number of relevant products, its slices, and the
    measure of each ranker."""

    query: str
    text: str | None
    mode: str
    relevant: int
    slices: Sequence[str]
    values: Mapping[str, float]


@dataclass(frozen=True)
class QueryTable:
    """A row for each judged query; `baseline` is one of `rankers`, and `slices` are the names of all slices."""

    measure: str
    rankers: tuple[str, ...]
    baseline: str
    slices: tuple[str, ...]
    rows: Sequence[QueryRow]

    @property
    def others(self) -> list[str]:
        """The rankers that are compared with the baseline."""
        return [name for name in self.rankers if name != self.baseline]

    def differences(self, ranker: str) -> dict[str, float]:
        """The measure of a ranker minus that of the baseline, by query."""
        return {row.query: row.values[ranker] - row.values[self.baseline] for row in self.rows}

    def to_csv(self) -> str:
        """The table as CSV with a head (RFC 4180).

        Texts are those of shoppers: one that a spreadsheet would take for a formula begins with an apostrophe.
        """
        head = ["query", "text", "consists of", "relevant products"]
        head += [f"{self.measure} of {name}" for name in self.rankers]
        head += [f"{name} minus {self.baseline}" for name in self.others]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(map(defused, head))
        for row in self.rows:
            texts = map(defused, (row.query, row.text or "", row.mode))
            values = [row.values[name] for name in self.rankers]
            values += [row.values[name] - row.values[self.baseline] for name in self.others]
            writer.writerow([*texts, row.relevant, *(f"{round(value, 4) + 0.0:.4f}" for value in values)])
        return out.getvalue()

    def to_json(self) -> dict[str, Any]:
        """The table as the script of the report reads it: slices by number, and the values in the order of rankers."""
        numbers = {name: number for number, name in enumerate(self.slices)}
        return {
            "rankers": list(self.rankers),
            "baseline": self.rankers.index(self.baseline),
            "slices": list(self.slices),
            "rows": [
                [
                    row.query,
                    row.text or "",
                    row.mode,
                    row.relevant,
                    [numbers[name] for name in row.slices],
                    [round(row.values[name], 4) for name in self.rankers],
                ]
                for row in self.rows
            ],
        }


def query_table(
    runs: Mapping[str, Run],
    qrels: Qrels,
    baseline: str,
    *,
    texts: Mapping[str, str | None],
    modes: Mapping[str, str],
    slices: Mapping[str, Collection[str]],
) -> QueryTable:
    """The table of these runs by the first of MEASURES; `texts` and `modes` are by query, `slices` have queries."""
    values = {name: per_query(run, qrels)[:, 0].tolist() for name, run in runs.items()}
    rows = [
        QueryRow(
            query=query,
            text=texts.get(query),
            mode=modes.get(query, ""),
            relevant=sum(grade > 0 for grade in qrels.for_query(query).values()),
            slices=[name for name, members in slices.items() if query in members],
            values={name: column[position] for name, column in values.items()},
        )
        for position, query in enumerate(qrels.queries())
    ]
    return QueryTable(MEASURES[0], tuple(runs), baseline, tuple(slices), rows)


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ")[:1] in tuple(FORMULA_SIGNS) else text
