"""Search templates: one mustache template that serves every query, by text, image, audio, video or a mix of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE_PARAMETER, in_language, template_tag
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import (
    NOTHING,
    Body,
    RawTemplate,
    guarded,
    list_with,
    members,
    object_with,
    to_json,
    when,
    when_list,
)
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.facets import facet_aggregations
from ltr_plugin.queries.filters import MATCH_ALL, filter_clauses, refused_parameters
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.rule_rescoring import pinned_candidates, rescorers
from ltr_plugin.queries.sorting import sort_members, sorted_lexically, unsorted


@dataclass(frozen=True)
class Ranking:
    """How the candidates of the first pass are ranked: by the model, shuffled, or else in first-pass order.

    `lexical` and `knn` say which clauses the first pass has; with both, a query of the shop's own stands for them.
    """

    name: str
    lexical: bool = True
    knn: bool = True
    model: str | None = None
    shuffle_seed: int | None = None


FIRST_PASS_WEIGHT = 1e-20
"""Weight of a product's first-pass score beside its ranker's score, which is above 0 (`Export`): too small to change
that, and enough to order the products behind the window, so that pages neither repeat nor lose a product."""

HIGHLIGHTED_CHARACTERS = 100_000
"""Characters of a text in which words are marked; the cluster refuses to look into over a million."""

BASELINES: Mapping[str, Ranking] = {
    "random": Ranking("random", shuffle_seed=7),
    "bm25": Ranking("bm25", knn=False),
    "vectors": Ranking("vectors", lexical=False),
    "first-pass": Ranking("first-pass"),
}
"""Rankings without a model: the candidates shuffled, BM25 alone, k-NN alone, and the order of the first pass.

`bm25` and `vectors` stay what they are where a shop has a query of its own; `first-pass` is the order of that query.
"""


def search_template(retrieval: Retrieval, ranking: Ranking, *, log: bool = False, rules: bool = False) -> str:
    """The text of a search template.

    Its parameters are those of `search_parameters` and, optionally, `size`, `from`, those of the profile's filters
    (`FilterField`), `filters`, a list of query clauses, `facets`, and `highlight`. Each stands inside quotes, or is
    rendered only when it is a list, so that a wrong value changes nothing but its own clause. A search that is sorted
    by a field is not ranked. Where the profile has `languages`, `language` is the code of one of them, and the cluster
    refuses another one. With `log`, each hit has the values of the model's features. With `rules`, there is a
    parameter `pins`, a list of at most MAX_PINS ids of products that come first, and `with_rules` puts rules in.
    """
    unknown_language = _unknown_language(retrieval.profile)
    retrieval = replace(retrieval, profile=retrieval.profile.for_template())
    own = retrieval.own_clause() if ranking.lexical and ranking.knn else None
    lexical = [retrieval.lexical_clause()] if ranking.lexical else []
    knn = retrieval.knn_clauses() if ranking.knn else []
    should = [*([own] if own else [*lexical, *knn]), retrieval.browse_clause()]
    profile = retrieval.profile
    pinned = [unsorted(profile, pinned_candidates(profile))] if rules else []
    filters = [{"bool": {"filter": filter_clauses(profile, show_matches=True), "must": refused_parameters(profile)}}]
    body: dict[str, Body] = {
        "query": {
            "bool": {
                "should": list_with(pinned, should),
                "filter": [*filters, *sorted_lexically(retrieval)],
                "minimum_should_match": 1,
            }
        },
        "from": "{{from}}{{^from}}0{{/from}}",
        "size": "{{size}}{{^size}}10{{/size}}",
        "_source": list(profile.source_fields),
        **unknown_language,
    }
    optional = [*sort_members(profile), *_optional_parts(retrieval)]
    rescorer = _rescorer(retrieval, ranking, log=log)
    if rescorer or rules:
        ranked: dict[str, Body] = {"rescore": rescorers(retrieval, rescorer) if rules else rescorer}
        if log and ranking.model:
            ranked["ext"] = {"ltr_log": {"log_specs": {"name": "features", "rescore_index": 0}}}
        optional.append(unsorted(profile, members(ranked)))
    return guarded(object_with(optional, body)).text


def _optional_parts(retrieval: Retrieval) -> list[RawTemplate]:
    """Facets and highlights, each where the search has its flag."""
    highlight = {
        "fields": {field: {} for field in retrieval.profile.boosts},
        "highlight_query": retrieval.lexical_clause(),
        "encoder": "html",
        retrieval.engine.max_analyzed_offset: HIGHLIGHTED_CHARACTERS,
    }
    parts: dict[str, dict[str, Body]] = {"highlight": {"highlight": highlight}}
    if any(field.facet for field in retrieval.profile.filters):
        parts["facets"] = {"aggs": facet_aggregations(retrieval)}
    return [when(flag, members(part), NOTHING) for flag, part in parts.items()]


def _unknown_language(profile: IndexProfile) -> dict[str, Body]:
    """The part of a search by which the cluster refuses a language that the index has no text of, in which nothing
    would be found: it suggests terms for no words from a field that must be there."""
    if not (profile.default_language and profile.localized_text_field):
        return {}
    field = in_language(profile.localized_text_field, template_tag(profile.default_language))
    return {"suggest": {LANGUAGE_PARAMETER: {"text": "", "term": {"field": field}}}}


def sltr(kind: str, name: str, params: Body, **options: str) -> dict[str, Body]:
    """An `sltr` query. `kind` is `model`, to score by it, or `featureset`, to evaluate its features."""
    return {"sltr": {kind: name, "params": params, **options}}


def with_release_metadata(template: str, metadata: Mapping[str, Any]) -> str:
    """The template with the metadata of its release in a mustache comment, which the cluster ignores."""
    return "{{! " + json.dumps(metadata, sort_keys=True).replace("}}", "} }") + " }}" + template


def release_metadata(template: str) -> dict[str, Any]:
    """What `with_release_metadata` wrote into a template; empty when it wrote nothing."""
    comment = re.match(r"\{\{! (?P<metadata>.*?) \}\}", template)
    metadata: dict[str, Any] = json.loads(comment["metadata"]) if comment else {}
    return metadata


def _rescorer(retrieval: Retrieval, ranking: Ranking, *, log: bool) -> Body | None:
    """What ranks the candidates; None where they stay in first-pass order.

    A ranker learns from queries. Without one, products stay in the order of their popularity, if the profile has it.
    """
    rescore_query: Body
    if ranking.model:
        rescore_query = sltr("model", ranking.model, _forwarded_parameters(retrieval))
        if retrieval.profile.first_pass.popularity and not log:  # the features of a bool query are not logged
            words_or_media = retrieval.when_browsing(MATCH_NONE, MATCH_ALL)
            rescore_query = {"bool": {"must": [rescore_query], "filter": [words_or_media]}}
    elif ranking.shuffle_seed is not None:
        random_score = {"seed": ranking.shuffle_seed, "field": "_seq_no"}
        rescore_query = {
            "function_score": {"query": {"match_all": {}}, "random_score": random_score, "boost_mode": "sum"}
        }
    else:
        return None
    weights = {"query_weight": FIRST_PASS_WEIGHT, "rescore_query_weight": 1}
    return {"window_size": retrieval.window_size, "query": {"rescore_query": rescore_query, **weights}}


def _forwarded_parameters(retrieval: Retrieval) -> Body:
    """The parameters of the search, passed on to the features with their flags; absent vectors become empty lists."""
    flags = {flag_name(name): when_list(name, True, False) for name in retrieval.ranker_vectors}
    vectors = {name: when_list(name, to_json(name), []) for name in retrieval.ranker_vectors}
    picked = {key: when(key, f"{{{{{key}}}}}", "") for key in retrieval.profile.pick_keys}
    default = retrieval.profile.default_language
    language = {LANGUAGE_PARAMETER: template_tag(default)} if default else {}
    return {"text": "{{text}}", flag_name("text"): "{{text}}", **flags, **vectors, **picked, **language}
