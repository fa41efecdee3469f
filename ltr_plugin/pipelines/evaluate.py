"""Rankers side by side on judged queries, ranked by the cluster in two views, over all queries and slices of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.ranker_facts import ranker_facts
from ltr_plugin.cluster.search import Hit, OnError, msearch_template, raise_error
from ltr_plugin.evaluation.baseline import require_ranker
from ltr_plugin.evaluation.comparison import Comparison, compare
from ltr_plugin.evaluation.latency import Latency
from ltr_plugin.evaluation.ranker_summary import RankerSummary
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.terminal_tables import comparison_tables
from ltr_plugin.evaluation.verdict import Verdict, verdict_of
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import AnyQueries, EncodedQuery, FailedQueries, encode_judged
from ltr_plugin.pipelines.evaluation.latency import MEASURED_SEARCHES, measure_latency
from ltr_plugin.pipelines.evaluation.query_slices import QuerySlices, slice_queries
from ltr_plugin.pipelines.evaluation.summaries import ranker_summary
from ltr_plugin.pipelines.search import AnyRanker, resolve_ranking
from ltr_plugin.progress import Progress, no_progress, offset_progress
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
    `failed` has the queries without vectors or, with some ranker, without results: their ids with the reasons. `seen`
    has the rankers that were trained with some of the queries, so that their numbers are too good, with how many of
    these are known: a ranker keeps 50 of its queries. `slices` are queries by name, `latency` the times of searches by
    ranker, and `summaries` says how each trained ranker was trained, None where that is not known.
    """

    full: Comparison
    judged: Comparison
    encoded: Sequence[EncodedQuery] = field(repr=False)
    qrels: Qrels = field(repr=False)
    runs: Mapping[str, FullAndJudgedRuns] = field(repr=False)
    media_root: Path = field(default=Path(), repr=False)
    failed: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    slices: QuerySlices = field(default_factory=dict, repr=False)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    summaries: Mapping[str, RankerSummary | None] = field(default_factory=dict, repr=False)

    @property
    def verdict(self) -> Verdict:
        """Which ranker to serve, by nDCG@10 over the whole index."""
        return verdict_of(self.full, self.seen)

    def to_json(self) -> dict[str, Any]:
        """Both views, by `full` and `judged`, the `failed` queries, what the rankers have `seen` of them, the `latency`
        of each, and the `verdict`."""
        return {
            "full": self.full.to_json(),
            "judged": self.judged.to_json(),
            "failed": dict(self.failed),
            "seen": dict(self.seen),
            "latency": {name: asdict(one) for name, one in self.latency.items()},
            "verdict": asdict(self.verdict),
        }

    def to_markdown(self) -> str:
        """Both views as tables, for files."""
        return f"{self.full.to_markdown()}\n{self.judged.to_markdown()}"

    def to_tables(self) -> "list[Table]":
        """Both views as tables, for a terminal of 80 columns."""
        return [*comparison_tables(self.full), *comparison_tables(self.judged)]


def evaluate(
    index: Index,
    rankers: Sequence[AnyRanker],
    queries: AnyQueries | None,
    qrels: Qrels | Path | str,
    *,
    baseline: str | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """The rankers compared with a baseline, on all judged queries and on slices of them.

    `baseline` is one of the rankers, by its name in the tables: what it is called here, for a `Ranker` the name of its
    model. By default it is the first of them, or, where that one has nDCG@10 0 on a slice of the queries, the best
    other ranker without a model that has more (`default_baseline`).

    The cluster ranks every query twice: over the whole index, and restricted to its judged products. Then some searches
    are made one by one, for the latency. Without `queries`, they are the texts that the judgments name. A query that
    fails is named in the result: without its media it is left out, and a search that is refused counts as one without
    results, as shoppers get it. InputError when no query is judged, or the cluster lacks a ranker; ClusterError when
    all searches of a ranker fail.
    """
    rankings = [resolve_ranking(index, ranker) for ranker in rankers]
    if baseline is not None:
        require_ranker(baseline, [ranking.name for ranking in rankings])
    failed = FailedQueries()
    judged, joined, _ = encode_judged(index, queries, qrels, failed=failed)
    failed.raise_if_all(joined.queries())
    known = Qrels({one.query.id: joined.for_query(one.query.id) for one in judged})
    steps = 2 * len(judged) + min(MEASURED_SEARCHES, len(judged))
    runs: dict[str, FullAndJudgedRuns] = {}
    latency: dict[str, Latency] = {}
    for position, ranking in enumerate(rankings):
        refused, advance = FailedQueries(), offset_progress(progress, position * steps, len(rankings) * steps)
        runs[ranking.name] = run_ranking(index, judged, known, ranking, progress=advance, on_error=refused.add)
        refused.raise_if_all(one.query.id for one in judged)
        answered = [one for one in judged if one.query.id not in refused]
        timed = offset_progress(progress, position * steps + 2 * len(judged), len(rankings) * steps)
        latency[ranking.name] = measure_latency(index, answered, ranking, progress=timed)
        failed.update(refused)
    slices = slice_queries(index, judged, known)
    untrained = [ranking.name for ranking in rankings if ranking.model is None and ranking.shuffle_seed is None]
    full = {name: views.full for name, views in runs.items()}
    compared = compare(full, known, slices, view="whole index", baseline=baseline, alternatives=untrained)
    of_judged = {name: views.judged for name, views in runs.items()}
    facts = {ranking.name: ranker_facts(index.cluster, ranking.model) for ranking in rankings}
    summaries = {
        ranking.name: ranker_summary(ranker, facts[ranking.name])
        for ranking, ranker in zip(rankings, rankers, strict=True)
        if ranking.model
    }
    return Evaluation(
        full=compared,
        judged=compare(of_judged, known, slices, view="judged products", baseline=compared.baseline),
        encoded=judged,
        qrels=known,
        runs=runs,
        media_root=Path(queries).parent if isinstance(queries, Path | str) else Path(),
        failed=failed,
        seen=_seen_in_training(facts, judged),
        slices=slices,
        latency=latency,
        summaries=summaries,
    )


def _seen_in_training(facts: Mapping[str, Mapping[str, Any]], judged: Sequence[EncodedQuery]) -> dict[str, int]:
    """How many of the queries each ranker is known to have been trained with, where there are any."""
    digests = {digest(one.to_json()["query"]) for one in judged}
    trained_with = {name: set(known.get("trained_with", ())) for name, known in facts.items()}
    return {name: len(digests & known) for name, known in trained_with.items() if digests & known}


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
    template = {"source": search_template(index.retrieval(), ranking)}
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
