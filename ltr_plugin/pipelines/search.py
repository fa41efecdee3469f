"""Queries put to the cluster: one for a person who looks, many for an evaluation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import Hit, msearch_template, search
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_queries
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template

EVALUATION_DEPTH = 100
"""Results that an evaluation looks at."""


@dataclass(frozen=True)
class FullAndJudgedRuns:
    """The runs of one ranking: over the whole index, and over each query's judged products alone."""

    full: Run
    judged: Run


def resolve_ranking(index: Index, name: str) -> Ranking:
    """A baseline by its name, a model in the cluster by its name, or a trained ranker by its folder."""
    if name in BASELINES:
        return BASELINES[name]
    model = name
    if Path(name).is_dir():
        from ltr_plugin.pipelines.push import model_name
        from ltr_plugin.rankers.loading import load_ranker

        model = model_name(load_ranker(Path(name)))
    store = FeatureStore(index.cluster)
    if store.model(model) is None:
        known = ", ".join([*BASELINES, *store.model_names()])
        raise InputError(
            "--ranker", f"the cluster has no ranker {model!r} (upload it with `ltr ranker push`); it has: {known}"
        )
    return Ranking(name, model=model)


def search_products(index: Index, query: Query, ranking: Ranking, *, size: int = 10, log: bool = False) -> list[Hit]:
    """The hits of one query; with `log`, each brings the features that the model saw.

    A ranking that reads no vectors, such as BM25, loads no encoder.
    """
    vectors = index.vectors if ranking.knn or ranking.model else ()
    (encoded,) = encode_queries(index, [query], Path(), vectors=vectors)
    template = search_template(Retrieval.from_vectors(index.vectors), ranking, log=log)
    return search(index.cluster, index.name, {"source": template}, {**encoded.params, "size": size})


def run_ranking(
    index: Index, encoded: Sequence[EncodedQuery], qrels: Qrels, ranking: Ranking, *, progress: Progress = no_progress
) -> FullAndJudgedRuns:
    """Ranks every query twice: over the whole index, and restricted to its judged products."""
    template = {"source": search_template(Retrieval.from_vectors(index.vectors), ranking)}
    full = ((template, {**one.params, "size": EVALUATION_DEPTH}) for one in encoded)
    judged = (
        (template, {**one.params, "size": EVALUATION_DEPTH, **_restricted_to(qrels.for_query(one.query.id))})
        for one in encoded
    )
    total = 2 * len(encoded)
    return FullAndJudgedRuns(
        _collect_run(encoded, msearch_template(index.cluster, index.name, full), 0, total, progress),
        _collect_run(encoded, msearch_template(index.cluster, index.name, judged), len(encoded), total, progress),
    )


def _restricted_to(products: Iterable[str]) -> Mapping[str, object]:
    return {"filter": {"terms": {"id": list(products)}}, flag_name("filter"): True}


def _collect_run(
    encoded: Sequence[EncodedQuery], results: Iterable[list[Hit]], offset: int, total: int, progress: Progress
) -> Run:
    run: dict[str, list[tuple[str, float]]] = {}
    for done, (one, hits) in enumerate(zip(encoded, results, strict=True), start=offset + 1):
        run[one.query.id] = [(hit.id, hit.score) for hit in hits]
        progress(done, total)
    return run
