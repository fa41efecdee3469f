"""Rankers side by side on judged queries, ranked by the cluster in two views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.comparison import Comparison, compare
from ltr_plugin.judgments.qrels import Qrels, read_qrels
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_query_file
from ltr_plugin.pipelines.query_slices import slice_queries
from ltr_plugin.pipelines.search import FullAndJudgedRuns, resolve_ranking, run_ranking
from ltr_plugin.progress import Progress, no_progress, offset_progress
from ltr_plugin.queries.templates import Ranking

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Evaluation:
    """Two views of the same rankers: over the whole index (unjudged counts as 0), and over judged products alone.

    `encoded` are the judged queries, `runs` what each ranker answered.
    """

    full: Comparison
    judged: Comparison
    encoded: Sequence[EncodedQuery] = field(repr=False)
    qrels: Qrels = field(repr=False)
    runs: Mapping[str, FullAndJudgedRuns] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Both views, by `full` and `judged`."""
        return {"full": self.full.to_json(), "judged": self.judged.to_json()}

    def to_markdown(self) -> str:
        """Both views as tables, for files."""
        return f"{self.full.to_markdown()}\n{self.judged.to_markdown()}"

    def to_tables(self) -> "list[Table]":
        """Both views as tables, for the terminal."""
        return [*self.full.to_tables(), *self.judged.to_tables()]


def evaluate_rankers(
    index: Index, queries: Path, judgments: Path, names: Sequence[str], *, progress: Progress = no_progress
) -> Evaluation:
    """The named rankers compared with the first of them, on the judged queries of a file."""
    rankings = [resolve_ranking(index, name) for name in names]
    return compare_rankings(
        index, encode_query_file(index, queries), read_qrels(judgments), rankings, progress=progress
    )


def compare_rankings(
    index: Index,
    encoded: Sequence[EncodedQuery],
    qrels: Qrels,
    rankings: Sequence[Ranking],
    *,
    progress: Progress = no_progress,
) -> Evaluation:
    """The rankings compared with the first of them, on all judged queries and on slices of them."""
    judged = [one for one in encoded if qrels.for_query(one.query.id)]
    if not judged:
        raise InputError("judgments", "they judge none of these queries; are the ids the same in both files?")
    known = Qrels({one.query.id: qrels.for_query(one.query.id) for one in judged})
    steps = 2 * len(judged)
    runs = {
        ranking.name: run_ranking(
            index, judged, known, ranking, progress=offset_progress(progress, position * steps, len(rankings) * steps)
        )
        for position, ranking in enumerate(rankings)
    }
    parts = slice_queries(index, judged, known)
    return Evaluation(
        compare({name: views.full for name, views in runs.items()}, known, parts, view="whole index"),
        compare({name: views.judged for name, views in runs.items()}, known, parts, view="judged products"),
        judged,
        known,
        runs,
    )
