"""A search that is tried again where nothing has the typed words: with corrected words, then with fewer of them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Literal

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.cluster.search import search as search_once
from ltr_plugin.features.mustache import render
from ltr_plugin.pipelines.query_understanding.spelling import corrected_text
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template

Relaxed = Literal["corrected", "fewer_words"]

KEPT_TEXTS, KEPT_S = 20_000, 300.0
"""Texts of queries with vectors whose offered correction, or none, is kept, and for how many seconds."""

THREADS = 8
"""Corrections that are looked for at the same time."""


@dataclass(frozen=True)
class RelaxedResult:
    """The result of a search, and how it was relaxed, if it was.

    `corrected` is the text that was searched for instead, or, of a search that is not relaxed, one that is offered.
    """

    result: SearchResult
    relaxed: Relaxed | None = None
    corrected: str | None = None


@dataclass
class RelaxedSearch:
    """Searches, and tries again. It keeps which corrections it offers for queries with vectors."""

    clock: Callable[[], float] = time.monotonic
    _offers: OrderedDict[tuple[str, str | None, str], tuple[float, str | None]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "corrections"))

    def search(self, served: ServedSearch, params: Mapping[str, Json]) -> RelaxedResult:
        """The result of a search by its parameters (`ServedSearch.parameters`).

        A search is relaxed where it finds nothing and has words alone: no vectors, and no order by a field. Vectors
        always find something: where no product has a word of the text, a correction is offered. A query with a photo, a
        recording or a video has none. ClusterError when the cluster cannot answer.
        """
        given = {name for name in served.index.retrieval().ranker_vectors if params.get(name)}
        of_text = {one.parameter for one in served.index.vectors if one.source == "text"}
        is_sorted = any(params.get(one.sort_parameter) for one in served.index.profile.filters if one.ordered)
        if not str(params.get("text", "")).strip() or given - of_text or is_sorted:
            return RelaxedResult(served.search(params))
        if given:
            offer = self._offer(served.index, str(params["text"]), params.get("language"))
            result = served.search(params)
            return RelaxedResult(result, corrected=offer() if result.total else None)
        result = served.search(params)
        return RelaxedResult(result) if result.total else _tried_again(served, params, result)

    def _offer(self, index: Index, text: str, language: str | None) -> Callable[[], str | None]:
        """What waits for the correction that is offered for a text, while another thread asks the cluster for it."""
        key, now = (index.uuid, language, text.casefold()), self.clock()
        with self._lock:
            kept = self._offers.get(key)
            if kept and now <= kept[0] + KEPT_S:
                self._offers.move_to_end(key)
                return lambda: kept[1]

        def ask() -> str | None:
            corrected = None if _has_words(index, text, language) else corrected_text(index, text, language)
            with self._lock:
                self._offers[key] = now, corrected
                while len(self._offers) > KEPT_TEXTS:
                    self._offers.popitem(last=False)
            return corrected

        return self._threads.submit(ask).result


def _tried_again(served: ServedSearch, params: Mapping[str, Json], nothing: SearchResult) -> RelaxedResult:
    """The result of a second try of a search that found nothing."""
    corrected = corrected_text(served.index, str(params["text"]), params.get("language"))
    tried = _with_text(served, params, corrected) if corrected else params
    if corrected and (result := served.search(tried)).total:
        return RelaxedResult(result, "corrected", corrected)
    retrieval = _for_fewer_words(served.index.retrieval())
    if retrieval is None:
        return RelaxedResult(nothing)
    ranking = BASELINES.get(served.ranker) or Ranking(served.ranker, model=served.ranker)
    wider = served.with_source(search_template(retrieval, ranking, rules=True))
    result = wider.of_query(str(params["text"])).search(tried)
    return RelaxedResult(result, "fewer_words", corrected) if result.total else RelaxedResult(nothing)


def _with_text(served: ServedSearch, params: Mapping[str, Json], text: str) -> dict[str, Json]:
    pins = served.rules.pins(text)
    return {**params, "text": text, "pins": pins} if pins else {**params, "text": text}


def _for_fewer_words(retrieval: Retrieval) -> Retrieval | None:
    """The first pass that finds products with one of the words; None where the index's own is as wide, or cannot be
    made wider."""
    profile = retrieval.profile
    first_pass = profile.first_pass
    if not profile.text_fields or not (first_pass.minimum_should_match or first_pass.query):
        return None
    wider = first_pass.model_copy(update={"minimum_should_match": None, "query": None})
    return replace(retrieval, profile=profile.model_copy(update={"first_pass": wider}))


def _has_words(index: Index, text: str, language: str | None) -> bool:
    """Whether any product has words of a text, as many as the first pass needs."""
    retrieval = replace(index.retrieval(), profile=index.profile.in_language(language))
    if not retrieval.profile.text_fields:
        return True  # no text could be better
    body = {"query": retrieval.lexical_clause(), "size": 0, "terminate_after": 1}
    return search_once(index, {"source": render(body)}, {"text": text}).total > 0
