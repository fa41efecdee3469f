"""What storefronts are served: the current release of a search template, with the rules that its index has now.

A release's text is the ranker's alone. Commands at the same time agree on what is served: each writes what it found to
be right, looks whether that is still so, and else writes again.
"""

from dataclasses import dataclass

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import Release, ReleaseHistory, current_releases, read_template, write_template
from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.cluster.search import search
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.rule_rescoring import has_place_for_rules, with_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, release_metadata, search_template


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
        rules = revision.rules.active() if revision else ()
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
        for release in _releases_of(index)
    ]


def require_servable(index: Index, rules: Rules) -> None:
    """InputError where the cluster would refuse searches by these rules, as if all of them held, with what serves."""
    texts = [ReleaseHistory(index.cluster, one.template).current()["text"] for one in _releases_of(index)]
    for text in texts or [search_template(Retrieval(index.profile), BASELINES["bm25"], rules=True)]:
        require_searchable(index, text, release_metadata(text).get("ranker", "bm25"), rules)


def require_searchable(index: Index, text: str, ranker: str, rules: Rules | None = None) -> None:
    """One search before any shopper's, with all of the `rules`, which may hold at some time.

    InputError with the cluster's reason, such as an `index.max_rescore_window`.
    """
    text = with_rules(text, rules.rules if rules else (), index.profile, index.mapping)
    try:
        search(index, {"source": text}, {"text": "a", "pins": ["a"]})
    except ClusterError as error:
        if error.retryable:
            raise
        reason = f"the cluster refuses searches by it, nothing is changed: {error}"
        if "script size" in str(error):
            reason = (
                f"its search template has {len(text):,} characters, more than the cluster stores "
                "(script.max_size_in_bytes, 65,535 unless it is set), so nothing is changed; remove rules or values of "
                "their `where`, or text fields, filters and vectors of the profile that no search needs"
            )
        raise InputError(f"ranker {ranker}", reason) from None


def _releases_of(index: Index) -> list[Release]:
    return [one for one in current_releases(index.cluster) if one.metadata["index"] == index.alias]
