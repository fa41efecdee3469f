"""Products like another one: its nearest neighbours by photo or text, or those with its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ltr_plugin.cluster.groups import search_groups
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import SearchResult, multi_search, search
from ltr_plugin.errors import InputError
from ltr_plugin.features.mustache import guarded, object_with, to_json
from ltr_plugin.profile.index_profile import value_at
from ltr_plugin.queries.filters import filter_clauses
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.templates import BASELINES, search_template

SimilarBy = Literal["image", "text", "all"]
"""What products are compared by: their photos, their texts, or all vectors that they have."""

MAX_WORDS = 25
"""The words of a product, those that are rare and frequent in it, by which others are found."""


@dataclass(frozen=True)
class SimilarProducts:
    """Products like another one, nearest first, found by `vectors` or, where it has none of these, by `words`."""

    result: SearchResult
    found_by: Literal["vectors", "words"]


def similar(
    index: Index, id_: str, *, by: SimilarBy = "all", page: Page | None = None, language: str | None = None
) -> SimilarProducts | None:
    """The products nearest to the one of this id, without itself and its variants; None where there is no such product.

    Its stored vectors are compared with those of other products, as those of a query are. InputError for what the page
    asks, and a language, that the profile does not have; ClusterError when the cluster cannot answer.
    """
    if reason := index.profile.language_problem(language):
        raise InputError("similar", f"language: {reason}")
    page = page or Page()
    params = page.parameters(index.profile)
    profile = index.profile.in_language(language)
    source = [*profile.product.fields().values(), *profile.id_source, *(one.name for one in index.vectors)]
    request = {
        "query": profile.ids_query([id_]),
        "size": 1,
        "_source": index.cluster.engine.source(list(dict.fromkeys(source))),
    }
    (response,) = multi_search(index, [request])
    if not response["hits"]["hits"]:
        return None
    document = response["hits"]["hits"][0]["_source"]
    params |= {"filters": [_others(index, id_, document)]}
    if language:
        params["language"] = language
    if vectors := _vectors(index, document, by):
        template = search_template(index.retrieval(), BASELINES["vectors"])
        return SimilarProducts(_searched(index, template, {**params, **vectors}), "vectors")
    product = profile.read_product(id_, document)
    texts = [text for text in (product.title, product.brand, *product.category, product.description) if text]
    if not (texts and index.profile.boosts):
        return SimilarProducts(SearchResult((), 0), "words")
    return SimilarProducts(_searched(index, _words_template(index, language), {**params, "like": texts}), "words")


def _others(index: Index, id_: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """All products but one and its variants."""
    left_out: list[dict[str, Any]] = [index.profile.ids_query([id_])]
    group = index.profile.product.group
    if group and (value := value_at(document, group)) is not None:
        left_out.append({"term": {group: value}})
    return {"bool": {"must_not": left_out}}


def _vectors(index: Index, document: Mapping[str, Any], by: SimilarBy) -> dict[str, Sequence[float]]:
    """The vectors of a product by the parameters of the search template that they are for."""
    used = index.retrieval().query_vectors
    fields = [one for one in index.vectors if one.parameter in used and not one.part and by in ("all", one.source)]
    stored = {one.parameter: value_at(document, one.name) for one in fields}
    return {name: vector for name, vector in stored.items() if isinstance(vector, list)}


def _searched(index: Index, template: str, params: Mapping[str, Json]) -> SearchResult:
    group = index.profile.product.group
    if not group:
        return search(index, {"source": template}, params)
    return search_groups(index, {"source": template}, params, group, index.retrieval().window_size)


def _words_template(index: Index, language: str | None) -> str:
    """The search of products that have words of the texts `like`."""
    profile = index.profile.in_language(language)
    alike = {"fields": list(profile.boosts), "like": to_json("like"), "min_term_freq": 1, "min_doc_freq": 2}
    clause = {"more_like_this": {**alike, "max_query_terms": MAX_WORDS, "minimum_should_match": 1}}
    body = {
        "query": {"bool": {"must": [clause], "filter": filter_clauses(profile)}},
        "from": "{{from}}",
        "size": "{{size}}",
        "_source": list(profile.source_fields),
    }
    return guarded(object_with([], body)).text
