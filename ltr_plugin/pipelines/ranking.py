"""Queries put to the cluster: one for a person who looks, many for an evaluation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.cluster.ltr_api import LtrStore
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.cluster.search import Hit, search, search_many
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.features.parameters import flag_of
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.asking import Asked, ask_all
from ltr_plugin.progress import Progress, silent
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template

DEPTH = 100
"""Results that an evaluation looks at."""


@dataclass(frozen=True)
class Views:
    """The runs of one ranking: over the whole index, and over each query's judged products alone."""

    whole: Run
    judged: Run


def ranking_named(index: ProductIndex, name: str) -> Ranking:
    """A baseline by its name, a model in the cluster by its name, or a trained ranker by its folder."""
    if name in BASELINES:
        return BASELINES[name]
    model = name
    if Path(name).is_dir():
        from ltr_plugin.pipelines.publishing import model_name
        from ltr_plugin.rankers.loading import load_ranker

        model = model_name(load_ranker(Path(name)))
    store = LtrStore(index.cluster)
    if store.model(model) is None:
        known = ", ".join([*BASELINES, *store.model_names()])
        raise InputError(
            "--ranker", f"the cluster has no ranker {model!r} (upload it with `ltr push`); it has: {known}"
        )
    return Ranking(name, model=model)


def find(index: ProductIndex, query: Query, ranking: Ranking, *, size: int = 10, log: bool = False) -> list[Hit]:
    """The hits of one query; with `log`, each brings the features that the model saw."""
    (asked,) = ask_all(index, [query], Path())
    template = search_template(Retrieval.of(index.vectors), ranking, log=log)
    return search(index.cluster, index.name, {"source": template}, {**asked.params, "size": size})


def run_ranking(
    index: ProductIndex, asked: Sequence[Asked], qrels: Qrels, ranking: Ranking, *, progress: Progress = silent
) -> Views:
    """Ranks every query twice: over the whole index, and restricted to its judged products."""
    template = {"source": search_template(Retrieval.of(index.vectors), ranking)}
    whole = ((template, {**one.params, "size": DEPTH}) for one in asked)
    judged = ((template, {**one.params, "size": DEPTH, **_only(qrels.of(one.query.id))}) for one in asked)
    total = 2 * len(asked)
    return Views(
        _run(asked, search_many(index.cluster, index.name, whole), 0, total, progress),
        _run(asked, search_many(index.cluster, index.name, judged), len(asked), total, progress),
    )


def _only(products: Iterable[str]) -> Mapping[str, object]:
    return {"filter": {"terms": {"id": list(products)}}, flag_of("filter"): True}


def _run(asked: Sequence[Asked], found: Iterable[list[Hit]], before: int, total: int, progress: Progress) -> Run:
    run: dict[str, list[tuple[str, float]]] = {}
    for done, (one, hits) in enumerate(zip(asked, found, strict=True), start=before + 1):
        run[one.query.id] = [(hit.id, hit.score) for hit in hits]
        progress(done, total)
    return run
