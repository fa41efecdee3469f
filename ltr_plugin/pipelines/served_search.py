"""What a storefront is served: the stored search template of an index, called as direct callers call it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.groups import search_groups
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import read_template
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.cluster.search import search as search_once
from ltr_plugin.errors import InputError
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.rule_rescoring import with_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, release_metadata, search_template

UNRANKED = "first-pass"
"""What an index without a promoted ranker is ranked by."""


@dataclass(frozen=True)
class ServedSearch:
    """An index with the search template that ranks it, as they were when they were opened.

    `template` is what the cluster is asked for, `{"id": name}` of a stored template, or `{"source": text}` where no
    ranker is promoted. `ranker` and `release` are those of the stored one.
    """

    index: Index
    template: Mapping[str, str] = field(repr=False)
    ranker: str
    release: int | None
    rules: Rules = field(repr=False)

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
            return cls(index, {"id": stored}, str(served["ranker"]), int(served["release"]), rules)
        if template:
            reason = f"ranks {served['index']}, not {name}" if served else "was not made by `ltr ranker promote`"
            raise InputError(f"template {template}", reason if text else "is not in the cluster; promote a ranker")
        source = search_template(index.retrieval(), BASELINES[UNRANKED], rules=True)
        ruled = with_rules(source, rules.active(), index.profile, index.mapping)
        return cls(index, {"source": ruled}, UNRANKED, None, rules)

    def parameters(
        self, text: str, vectors: Mapping[str, list[float]], page: Page, language: str | None = None
    ) -> dict[str, Json]:
        """The parameters of a search, as direct callers of the template send them.

        InputError for a page or a language that the profile does not have.
        """
        if reason := self.index.profile.language_problem(language):
            raise InputError("search", f"language: {reason}")
        params: dict[str, Any] = {**search_parameters(text, vectors, language), **page.parameters(self.index.profile)}
        if pins := self.rules.pins(text):
            params["pins"] = pins
        return params

    def search(self, params: Mapping[str, Json]) -> SearchResult:
        """The result of a search by its parameters; ClusterError when the cluster cannot answer it."""
        group = self.index.profile.product.group
        if not group:
            return search_once(self.index, self.template, params)
        return search_groups(self.index, self.template, params, group, self.index.retrieval().window_size)
