"""Rankers side by side on judged queries, ranked by the cluster in two views, over all queries and slices of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import MEDIA_FIELDS, Product, digest
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.ranker_facts import ranker_facts
from ltr_plugin.cluster.search import Hit, OnError, msearch_template, raise_error
from ltr_plugin.evaluation.comparison import Comparison, compare
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import AnyQueries, EncodedQuery, FailedQueries, encode_judged
from ltr_plugin.pipelines.search import AnyRanker, resolve_ranking
from ltr_plugin.progress import Progress, no_progress, offset_progress
from ltr_plugin.queries.templates import Ranking, search_template

if TYPE_CHECKING:
    from rich.table import Table

EVALUATION_DEPTH = 100
"""Results that an evaluation looks at."""

MIN_SLICE_QUERIES = 10
"""Queries that a slice by category or by number of relevant products needs; other slices are always shown."""

QuerySlices = Mapping[str, set[str]]


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
    these are known: a ranker keeps 50 of its queries.
    """

    full: Comparison
    judged: Comparison
    encoded: Sequence[EncodedQuery] = field(repr=False)
    qrels: Qrels = field(repr=False)
    runs: Mapping[str, FullAndJudgedRuns] = field(repr=False)
    media_root: Path = field(default=Path(), repr=False)
    failed: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Both views, by `full` and `judged`, the `failed` queries, and what the rankers have `seen` of them."""
        views = {"full": self.full.to_json(), "judged": self.judged.to_json()}
        return {**views, "failed": dict(self.failed), "seen": dict(self.seen)}

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
        _seen_in_training(index, rankings, judged),
    )


def _seen_in_training(index: Index, rankings: Sequence[Ranking], judged: Sequence[EncodedQuery]) -> dict[str, int]:
    """How many of the queries each ranker is known to have been trained with, where there are any."""
    digests = {digest(one.to_json()["query"]) for one in judged}
    trained_with = {one.name: set(ranker_facts(index.cluster, one.model).get("trained_with", ())) for one in rankings}
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


def slice_queries(index: Index, judged: Sequence[EncodedQuery], qrels: Qrels) -> QuerySlices:
    """The queries of each slice; one query may be in several.

    - By input: `text`, `image`, `audio`, `video`, `mixed`.
    - `answerable`: the queries with a relevant product, where others have none.
    - `relevant products without image` (most of the best products have none) and `... with image`; also for audio and
      video.
    - `few relevant` and `many relevant`: the halves with fewer and with more relevant products.
    - `head` and `tail`, where all queries have a frequency: the fewest queries that make up half of the traffic, and
      the others.
    - By the first category of the best products.
    """
    best = {one.query.id: _best_products(qrels.for_query(one.query.id)) for one in judged}
    products = _fetch_products(index, {id_ for ids in best.values() for id_ in ids})
    by_name: dict[str, set[str]] = defaultdict(set)
    for one in judged:
        by_name[one.query.mode].add(one.query.id)
    if len(by_name) == 1:
        by_name.clear()
    answerable = [query for query, ids in best.items() if ids]
    if len(answerable) < len(judged):
        by_name["answerable"] = set(answerable)
    for modality in MEDIA_FIELDS:
        with_media = {id_ for id_, product in products.items() if product.media(modality)}
        if with_media and len(with_media) < len(products):
            without_media = {
                query for query in answerable if sum(id_ in with_media for id_ in best[query]) * 2 < len(best[query])
            }
            by_name[f"relevant products without {modality}"] = without_media
            by_name[f"relevant products with {modality}"] = set(answerable) - without_media
    counts = {query: sum(grade > 0 for grade in qrels.for_query(query).values()) for query in answerable}
    by_count = sorted(answerable, key=lambda query: counts[query])
    if len(by_count) >= 2 * MIN_SLICE_QUERIES and counts[by_count[0]] < counts[by_count[-1]]:
        by_name["few relevant"] = set(by_count[: len(by_count) // 2])
        by_name["many relevant"] = set(by_count[len(by_count) // 2 :])
    if head := _head(judged):
        by_name["head"], by_name["tail"] = head, set(best) - head
    by_category: dict[str, set[str]] = defaultdict(set)
    for query in answerable:
        categories = Counter(
            products[id_].category[0] for id_ in best[query] if id_ in products and products[id_].category
        )
        if categories:
            by_category[categories.most_common(1)[0][0]].add(query)
    large = {name: queries for name, queries in by_category.items() if len(queries) >= MIN_SLICE_QUERIES}
    if len(large) > 1:
        by_name |= {f"in {name}": large[name] for name in sorted(large, key=lambda name: -len(large[name]))}
    return by_name


def _head(judged: Sequence[EncodedQuery]) -> set[str]:
    """The fewest queries that make up half of the traffic; none where frequencies are unknown or all equal."""
    frequencies = {one.query.id: one.query.frequency for one in judged if one.query.frequency}
    if len(frequencies) < len(judged) or len(set(frequencies.values())) < 2:
        return set()
    ordered = sorted(frequencies, key=lambda query: -frequencies[query])
    before = accumulate((frequencies[query] for query in ordered), initial=0.0)
    half = sum(frequencies.values()) / 2
    return {query for query, cumulative in zip(ordered, before, strict=False) if cumulative < half}


def _best_products(grades: Mapping[str, int]) -> list[str]:
    """The products of the highest grade; none when no product is relevant."""
    highest = max(grades.values(), default=0)
    return [id_ for id_, grade in grades.items() if grade == highest > 0]


def _fetch_products(index: Index, ids: set[str]) -> dict[str, Product]:
    parts = batched(sorted(ids), 1000)
    return {id_: product for part in parts for id_, product in index.products(part).items()}
