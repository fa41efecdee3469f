"""One query put to the cluster, ranked as a shopper gets it; the candidates that rankers are shown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.cluster import search as cluster_search
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.groups import search_groups
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.names import is_name
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.rules import RulesRevision, latest_rules
from ltr_plugin.cluster.search import OnError, SearchResult, raise_error
from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_queries
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.rule_rescoring import with_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.ranker import Ranker, model_name
from ltr_plugin.validation import decode

MAX_NAMED = 10
"""Uploaded rankers that a message names."""

AnyRanker = str | Path | Ranker | Ranking
"""A baseline (bm25, vectors, first-pass, random) or model by its name, the folder of a trained ranker, or a ranker."""


def search(
    index: Index,
    text: str = "",
    *,
    image: str | None = None,
    audio: str | None = None,
    video: str | None = None,
    language: str | None = None,
    ranker: AnyRanker = "bm25",
    size: int = 10,
    start: int = 0,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    facets: bool = False,
    highlight: bool = False,
    log_features: bool = False,
    rules: bool = True,
    pick: Mapping[str, str] | None = None,
) -> SearchResult:
    """A page of what one query finds by text, photo, recording, video (a file or a URL each), or a mix of them.

    A query without any of these is browsing: all products under the filters. `Page` says what `size` to `highlight`
    are. `language` is the code of one of the profile's `languages`, by default the first. With `log_features`, each hit
    brings the features that the model read. A ranking that reads no vectors, such as BM25, loads no encoder. Where the
    profile has a `group`, each hit is the best variant of its product. The rules that the cluster keeps for the index
    apply (`ltr rules`), unless `rules` is False or the user may not read them.
    `pick={"store": "berlin"}` picks the objects of nested fields that filters, facets, `sort` and features are about.

    InputError for media that the index has no vectors of, for a ranker that the cluster does not have, and for a
    language, and what the page asks, that the profile does not have.
    """
    revision = _kept_rules(index) if rules else None
    page, typed = Page(size, start, filters or {}, sort, facets, highlight, pick or {}), text.strip()
    kept = revision.rules if revision else Rules()
    text = kept.searched_text(typed)
    params = page.parameters(index.profile)
    if reason := index.profile.language_problem(language):
        raise InputError("search", [Problem("language", reason)])
    if not (text or image or audio or video):
        params |= search_parameters("", {}, language)
        return _paged(index, resolve_ranking(index, ranker), params, kept, typed, log_features=log_features)
    asked = {"id": "query", "text": text or None, "image": image, "audio": audio, "video": video}
    asked["language"] = language
    query = decode(Query, asked, source="query")
    missing = [name for name in ("image", "audio", "video") if getattr(query, name) and not _has_vectors(index, name)]
    if missing:
        raise InputError("query", f"{index.alias} has no vectors of {' or '.join(missing)}; name an encoder for it")
    ranking = resolve_ranking(index, ranker)
    vectors = index.vectors if ranking.knn or ranking.model else ()
    (encoded,) = encode_queries(index, [query], Path(), vectors=vectors)
    return _paged(index, ranking, {**encoded.params, **params}, kept, typed, log_features=log_features)


def _kept_rules(index: Index) -> RulesRevision | None:
    """The rules of an index; None also for a user who may not read them: such a one has named a profile, to try it."""
    try:
        return latest_rules(index.cluster, index.alias)
    except ClusterError as error:
        if error.status != 403:
            raise
        return None


def _paged(
    index: Index, ranking: Ranking, params: Mapping[str, Json], rules: Rules, typed: str, *, log_features: bool
) -> SearchResult:
    """The result by the rules of the typed text."""
    retrieval = index.retrieval()
    ordering, pins = rules.ordering(typed), rules.pins(typed)
    text = search_template(retrieval, ranking, log=log_features, rules=bool(ordering or pins))
    template = {"source": with_rules(text, ordering, index.profile, index.mapping)}
    if pins:
        params = {**params, "pins": pins}
    group = index.profile.product.group
    if not group:
        return cluster_search.search(index, template, params)
    return search_groups(index, template, params, group, retrieval.window_size)


def reads_media(ranker: AnyRanker) -> bool:
    """Whether a query's media can change the hits: not of BM25, which reads words alone."""
    ranking = ranker if isinstance(ranker, Ranking) else BASELINES.get(str(ranker))
    return ranking is None or ranking.knn


def resolve_ranking(index: Index, ranker: AnyRanker) -> Ranking:
    """How the products of the first pass are ranked by a ranker; InputError when the cluster does not have it."""
    if isinstance(ranker, Ranking):
        return ranker
    if isinstance(ranker, str | Path):
        name = str(ranker)
        if name in BASELINES:
            return BASELINES[name]
        model = model_name(load_ranker(Path(name))) if Path(name).is_dir() else name
        if not is_name(model):
            raise InputError("ranker", f"there is no folder {name}, and no ranker in a cluster has such a name")
    else:
        name = model = model_name(ranker)
    store = FeatureStore(index.cluster)
    if store.model(model) is None:
        names = store.model_names()
        more = f" and {len(names) - MAX_NAMED} more (`ltr ranker list`)" if len(names) > MAX_NAMED else ""
        uploaded = (", ".join(names[:MAX_NAMED]) or "none") + more
        reason = f"the cluster has no ranker {model!r}, upload it with `ltr ranker push`; uploaded: {uploaded}"
        raise InputError("ranker", f"{reason}; baselines: {', '.join(BASELINES)}")
    return Ranking(name, model=model)


def _has_vectors(index: Index, modality: str) -> bool:
    return any(vector.source == modality for vector in index.vectors)


def first_pass(
    index: Index,
    encoded: Sequence[EncodedQuery],
    retrieval: Retrieval | None = None,
    *,
    params: Mapping[str, Json] | None = None,
    on_error: OnError = raise_error,
) -> Iterator[list[str]]:
    """For each query the ids of its candidates, as many as a ranker scores, in the order of the first pass.

    `retrieval` is the index's own unless another one is given, which may need further search `params`. A query that the
    cluster refuses has no candidates.
    """
    retrieval = retrieval or index.retrieval()
    template = {"source": search_template(retrieval, Ranking("first pass"))}
    more = {"size": retrieval.window_size, **(params or {})}
    searches = ((one.query.id, {**one.params, **more}) for one in encoded)
    results = cluster_search.msearch_template(index, template, searches, on_error=on_error)
    return ([hit.id for hit in hits] for hits in results)
