"""One query ranked in two ways: by two rankers, or with the rules that are kept and others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import ReleaseHistory, current_releases
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.cluster.state import RANKERS, StateIndex
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.rules import check_rules
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.profile.differences import ranking_differences
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template


@dataclass(frozen=True)
class FittingRanker:
    """A ranker that can rank an index, with the search templates whose current release ranks the index by it."""

    name: str
    kind: Literal["baseline", "model"]
    templates: tuple[str, ...] = ()


def fitting_rankers(index: Index) -> list[FittingRanker]:
    """The baselines, and the uploaded rankers that were not trained by a profile which ranks otherwise."""
    names = FeatureStore(index.cluster).model_names()
    known = _facts(index, names)
    now = index.profile.ranking()
    templates: dict[str, list[str]] = {}
    for release in current_releases(index.cluster, index.alias):
        templates.setdefault(str(release.metadata["ranker"]), []).append(release.template)
    fitting = [
        name
        for name in names
        if not (trained := known.get(name, {}).get("profile")) or not ranking_differences(trained, now)
    ]
    return [
        *(FittingRanker(name, "baseline", tuple(templates.get(name, ()))) for name in BASELINES),
        *(FittingRanker(name, "model", tuple(templates.get(name, ()))) for name in fitting),
    ]


def _facts(index: Index, names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    try:
        return StateIndex(index.cluster, RANKERS).get_all(names) if names else {}
    except ClusterError as error:
        if error.status != 403:
            raise
        return {}


def ranked_by(served: ServedSearch, ranker: str | None) -> ServedSearch:
    """The same search with the rules that hold now, ranked by a baseline or an uploaded ranker; without a name, and for
    the ranker that is served, what is served.

    InputError for a ranker that there is not.
    """
    if ranker in (None, served.ranker):
        return served
    name = str(ranker)
    ranking = BASELINES.get(name)
    if ranking is None and FeatureStore(served.index.cluster).model(name) is None:
        raise InputError(
            "ranker", f"there is no baseline {name!r}, and the cluster has no uploaded ranker of this name"
        )
    source = search_template(served.index.retrieval(), ranking or Ranking(name, model=name), rules=True)
    return replace(served, ranker=name, release=None).with_source(source)


def with_unsaved_rules(served: ServedSearch, rules: Mapping[str, Any]) -> ServedSearch:
    """What would be served now with these rules in place of those that are kept; nothing is changed.

    InputError lists every mistake in the rules, as `check_rules` does.
    """
    unsaved = check_rules(served.index, rules).rules
    template = served.template.get("id")
    if template:
        source = str(ReleaseHistory(served.index.cluster, template).current()["text"])
    else:
        source = search_template(served.index.retrieval(), BASELINES[served.ranker], rules=True)
    return replace(served, rules=unsaved).with_source(source)


def search_by(served: ServedSearch, params: Mapping[str, Json]) -> SearchResult:
    """The result of a search; InputError where the cluster refuses to rank the index by this ranker."""
    try:
        return served.search(params)
    except ClusterError as error:
        if error.retryable:
            raise
        raise InputError(f"ranker {served.ranker}", f"the cluster refuses this search: {error}") from None


def positions(result: SearchResult) -> dict[str, int]:
    """The position of each product of a result by its id, from 1 on."""
    return {hit.id: number for number, hit in enumerate(result, 1)}
