"""What storefronts are served: the current release of a search template, with the rules that its index has now.

A release's text is the ranker's alone. Commands at the same time agree on what is served: each writes what it found to
be right, looks whether that is still so, and else writes again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import ReleaseHistory, current_releases, read_template, write_template
from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.cluster.search import search
from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.queries.rule_rescoring import has_place_for_rules, with_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, release_metadata, search_template

WORDS = "a b"
"""A text to try searches with: two words, because a single one is no phrase."""

_TRIED = {"keyword": "1", "boolean": True, "number": 1, "date": "2026-01-01"}
"""A value of a filter, by its type."""


@dataclass(frozen=True)
class Served:
    """The search template that storefronts call now, by the number and ranker of its release.

    `written` says whether it was another one before. `takes_rules` is False for a release of an earlier version of this
    library, which serves without rules.
    """

    template: str
    number: int
    ranker: str
    written: bool
    takes_rules: bool


def serve(index: Index, template: str, *, served: str | None = None) -> Served:
    """Makes a template serve its current release with the rules that the index has now, in one atomic call.

    `served` is the text that it has, so far as that is known. InputError when the cluster refuses a search by it.
    """
    history, before = ReleaseHistory(index.cluster, template), served
    while True:
        release, revision = history.current(), latest_rules(index.cluster, index.alias)
        rules = revision.rules.ordering() if revision else ()
        text = with_rules(release["text"], rules, index.profile, index.mapping)
        ranker = str(release_metadata(text)["ranker"])
        if text == served or release["index"] != index.alias:
            takes_rules = has_place_for_rules(release["text"])
            return Served(template, release["number"], ranker, served != before, takes_rules)
        require_searchable(index, text, ranker)
        write_template(index.cluster, template, text)
        served = text


def serve_all(index: Index) -> list[Served]:
    """Makes every template that ranks an index serve with the rules of now."""
    return [
        serve(index, release.template, served=read_template(index.cluster, release.template))
        for release in current_releases(index.cluster, index.alias)
    ]


def require_servable(index: Index, rules: Rules) -> None:
    """InputError where the cluster would refuse searches by these rules, as if all of them held, with what serves."""
    texts = [
        ReleaseHistory(index.cluster, one.template).current()["text"]
        for one in current_releases(index.cluster, index.alias)
    ]
    for text in texts or [search_template(index.retrieval(), BASELINES["bm25"], rules=True)]:
        require_searchable(index, text, release_metadata(text).get("ranker", "bm25"), rules)


def require_searchable(index: Index, text: str, ranker: str, rules: Rules | None = None) -> None:
    """One search before any shopper's, with all of the `rules`, which may hold at some time.

    InputError with the cluster's reason, such as an `index.max_rescore_window`.
    """
    text = with_rules(text, rules.rules if rules else (), index.profile, index.mapping)
    try:
        search(index, {"source": text}, {"text": WORDS, "pins": ["a"]})
    except ClusterError as error:
        if error.retryable:
            raise
        raise InputError(f"ranker {ranker}", f"nothing is changed: {_refusal(error, text)}") from None


def refused_pages(index: Index) -> Iterator[Problem]:
    """What the cluster says of result pages by the profile of an index, tried one part of a page after the other, where
    it refuses one."""
    template = search_template(index.retrieval(), BASELINES["first-pass"], rules=True)
    tried: list[tuple[str, dict[str, Any]]] = [
        ("$", {"text": WORDS}),
        ("$.first_pass", {}),
        ("$.text_fields", {"text": WORDS, "highlight": True}),
        ("$.filters", {"facets": True}),
    ]
    for position, field in enumerate(index.profile.filters):
        value = _TRIED[field.type] if field.ordered else [_TRIED[field.type]]
        tried.append((f"$.filters[{position}]", dict.fromkeys(field.parameters, value)))
        tried += [(f"$.filters[{position}]", {field.sort_parameter: "asc"})] if field.ordered else []
    for place, params in tried:
        try:
            search(index, {"source": template}, {"size": 1, **params})
        except ClusterError as error:
            if error.retryable:
                raise
            asked = ", ".join(params) or "neither words nor media"
            yield Problem(place, f"a search with {asked} would fail: {_refusal(error, template)}")
            return


def _refusal(error: ClusterError, template: str) -> str:
    """Why the cluster refuses searches by a template, and what can be done."""
    if "script size" in str(error):
        return (
            f"the search template has {len(template):,} characters, more than the cluster takes "
            "(script.max_size_in_bytes, 65,535 unless it is set); remove rules or values of their `where`, or filters, "
            "facets, text fields and vectors of the profile that no search needs"
        )
    return f"the cluster refuses it: {error}"
