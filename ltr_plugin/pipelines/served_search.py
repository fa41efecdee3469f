"""What a storefront is served: the stored search template of an index, called as direct callers call it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.groups import search_groups
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import ReleaseHistory, read_template
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.cluster.search import search as search_once
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.rule_rescoring import with_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, release_metadata, search_template

UNRANKED = "first-pass"
"""What an index without a promoted ranker is ranked by."""


def promoted_ranker(index: Index) -> str | None:
    """The ranker of the stored template that has the index's name; None where there is none, or the user may not read
    it."""
    try:
        text = read_template(index.cluster, index.alias)
    except ClusterError as error:
        if error.status != 403:
            raise
        return None
    served = release_metadata(text) if text else {}
    return str(served["ranker"]) if served.get("index") == index.alias else None


@dataclass(frozen=True)
class ServedSearch:
    """An index with the search template that ranks it, as they were when they were opened.

    `template` is what the cluster is asked for, `{"id": name}` of a stored template, or `{"source": text}` where no
    ranker is promoted. `ranker` and `release` are those of the stored one. `unruled` is the template's text without
    rules; of a stored one it is known where some queries have rules of their own.
    """

    index: Index
    template: Mapping[str, str] = field(repr=False)
    ranker: str
    release: int | None
    rules: Rules = field(repr=False)
    unruled: str | None = field(default=None, repr=False)

    @classmethod
    def open(
        cls, cluster: Cluster, name: str, template: str | None = None, *, media_roots: Iterable[Path] = ()
    ) -> Self:
        """The index of this name, ranked by the stored `template`, by default the one that has its name.

        `media_roots` are the folders that its media may be read from. ClusterError when there is no such index;
        InputError when it has no profile, and for a `template` that does not exist or ranks another index.
        """
        index = Index.open(cluster, name, media_roots=media_roots)
        revision = latest_rules(cluster, index.alias)
        rules = revision.rules if revision else Rules()
        stored = template or index.alias
        text = read_template(cluster, stored)
        served = release_metadata(text) if text else {}
        if served.get("index") == index.alias:
            of_queries = any(rule.where and rule.queries for rule in rules.rules)
            unruled = str(ReleaseHistory(cluster, stored).current()["text"]) if of_queries else None
            return cls(index, {"id": stored}, str(served["ranker"]), int(served["release"]), rules, unruled)
        if template:
            reason = f"ranks {served['index']}, not {name}" if served else "was not made by `ltr ranker promote`"
            raise InputError(f"template {template}", reason if text else "is not in the cluster; promote a ranker")
        source = search_template(index.retrieval(), BASELINES[UNRANKED], rules=True)
        return cls(index, {}, UNRANKED, None, rules).with_source(source)

    def with_source(self, source: str) -> Self:
        """The same search by another template, which has no rules yet, with the rules that all queries have now."""
        return replace(self, unruled=source, template=self._ruled(source, ""))

    def of_query(self, typed: str) -> Self:
        """What serves a query by its typed text: where boosts or buries are for it, a template with them."""
        if self.unruled is None or not any(rule.queries for rule in self.rules.ordering(typed)):
            return self
        return replace(self, template=self._ruled(self.unruled, typed))

    def _ruled(self, source: str, typed: str) -> dict[str, str]:
        return {"source": with_rules(source, self.rules.ordering(typed), self.index.profile, self.index.mapping)}

    def parameters(
        self,
        text: str,
        vectors: Mapping[str, list[float]],
        page: Page,
        language: str | None = None,
        *,
        typed: str | None = None,
    ) -> dict[str, Json]:
        """The parameters of a search, as direct callers of the template send them.

        `typed` is what the shopper wrote, where `text` is what rules search for it (`Rules.searched_text`).
        InputError for a page or a language that the profile does not have.
        """
        if reason := self.index.profile.language_problem(language):
            raise InputError("search", f"language: {reason}")
        params: dict[str, Any] = {**search_parameters(text, vectors, language), **page.parameters(self.index.profile)}
        if pins := self.rules.pins(text if typed is None else typed):
            params["pins"] = pins
        return params

    def search(self, params: Mapping[str, Json]) -> SearchResult:
        """The result of a search by its parameters; ClusterError when the cluster cannot answer it."""
        group = self.index.profile.product.group
        if not group:
            return search_once(self.index, self.template, params)
        return search_groups(self.index, self.template, params, group, self.index.retrieval().window_size)
