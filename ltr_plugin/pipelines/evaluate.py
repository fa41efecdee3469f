"""Rankers side by side on judged queries, ranked by the cluster in two views."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import Hit, OnError, msearch_template, raise_error
from ltr_plugin.evaluation.comparison import Comparison, compare
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import AnyQueries, EncodedQuery, FailedQueries, encode_judged
from ltr_plugin.pipelines.query_slices import slice_queries
from ltr_plugin.pipelines.search import AnyRanker, resolve_ranking
from ltr_plugin.progress import Progress, no_progress, offset_progress
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, search_template

if TYPE_CHECKING:
    from rich.table import Table

EVALUATION_DEPTH = 100
"""Results that an evaluation looks at."""


@dataclass(frozen=True)
class FullAndJudgedRuns:
    """The runs of one ranking: over the whole index, and over each query's judged products alone."""

    full: Run
    judged: Run


@dataclass(frozen=True)
class Evaluation:
    """Two views of the same rankers: over the whole index (unjudged counts as 0), and over judged products alone.

    `encoded` are the judged queries, `runs` what each ranker answered, `media_root` is where the queries' media lie.
    `failed` has the queries without vectors or, with some ranker, without results: their ids with the reasons.
    """

    full: Comparison
    judged: Comparison
    encoded: Sequence[EncodedQuery] = field(repr=False)
    qrels: Qrels = field(repr=False)
    runs: Mapping[str, FullAndJudgedRuns] = field(repr=False)
    media_root: Path = field(default=Path(), repr=False)
    failed: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Both views, by `full` and `judged`, and the `failed` queries."""
        return {"full": self.full.to_json(), "judged": self.judged.to_json(), "failed": dict(self.failed)}

    def to_markdown(self) -> str:
        """Both views as tables, for files."""
        return f"{self.full.to_markdown()}\n{self.judged.to_markdown()}"

    def to_tables(self) -> "list[Table]":
        """Both views as tables, for the terminal."""
        return [*self.full.to_tables(), *self.judged.to_tables()]


def evaluate(
    index: Index,
    rankers: Sequence[AnyRanker],
    queries: AnyQueries | None,
    qrels: Qrels | Path | str,
    *,
    progress: Progress = no_progress,
) -> Evaluation:
    """The rankers compared with the first of them, on all judged queries and on slices of them.

    The cluster ranks every query twice: over the whole index, and restricted to its judged products. Without
    `queries`, they are the texts that the judgments name. A query that fails is named in the result: without its
    media it is left out, and a search that is refused counts as one without results, as shoppers get it. InputError
    when no query is judged, or the cluster lacks a ranker; ClusterError when all searches of a ranker fail.
    """
    rankings = [resolve_ranking(index, ranker) for ranker in rankers]
    failed = FailedQueries()
    judged, joined, _ = encode_judged(index, queries, qrels, failed=failed)
    failed.raise_if_all(joined.queries())
    known = Qrels({one.query.id: joined.for_query(one.query.id) for one in judged})
    steps = 2 * len(judged)
    runs: dict[str, FullAndJudgedRuns] = {}
    for position, ranking in enumerate(rankings):
        refused, advance = FailedQueries(), offset_progress(progress, position * steps, len(rankings) * steps)
        runs[ranking.name] = run_ranking(index, judged, known, ranking, progress=advance, on_error=refused.add)
        refused.raise_if_all(one.query.id for one in judged)
        failed.update(refused)
    parts = slice_queries(index, judged, known)
    return Evaluation(
        compare({name: views.full for name, views in runs.items()}, known, parts, view="whole index"),
        compare({name: views.judged for name, views in runs.items()}, known, parts, view="judged products"),
        judged,
        known,
        runs,
        Path(queries).parent if isinstance(queries, Path | str) else Path(),
        failed,
    )


def run_ranking(
    index: Index,
    encoded: Sequence[EncodedQuery],
    qrels: Qrels,
    ranking: Ranking,
    *,
    progress: Progress = no_progress,
    on_error: OnError = raise_error,
) -> FullAndJudgedRuns:
    """Ranks every query twice: over the whole index, and restricted to its judged products.

    A query that the cluster refuses has no results.
    """
    template = {"source": search_template(Retrieval(index.profile), ranking)}
    full = [(one.query.id, {**one.params, "size": EVALUATION_DEPTH}) for one in encoded]
    judged = (
        (query, {**params, "filters": [index.profile.ids_query(qrels.for_query(query))]}) for query, params in full
    )
    total = 2 * len(encoded)
    search = partial(msearch_template, index, template, on_error=on_error)
    return FullAndJudgedRuns(
        _collect_run(encoded, search(full), 0, total, progress),
        _collect_run(encoded, search(judged), len(encoded), total, progress),
    )


def _collect_run(
    encoded: Sequence[EncodedQuery], results: Iterable[list[Hit]], offset: int, total: int, progress: Progress
) -> Run:
    run: dict[str, list[tuple[str, float]]] = {}
    for done, (one, hits) in enumerate(zip(encoded, results, strict=True), start=offset + 1):
        run[one.query.id] = [(hit.id, hit.score) for hit in hits]
        progress(done, total)
    return run
