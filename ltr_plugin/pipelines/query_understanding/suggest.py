"""Suggestions while typing: products, values of a filter such as categories, and queries that are frequent."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import Hit, multi_search, read_hits
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.query_understanding.fields import unnested_fields, words_of
from ltr_plugin.profile.index_fields import KEYWORD_TYPES, IndexField
from ltr_plugin.profile.index_profile import IndexProfile, value_at
from ltr_plugin.queries.suggesting import (
    MIN_INFIX,
    SuggestedValue,
    SuggestFields,
    matching_values,
    product_query,
    typed_words,
    values_request,
)

REREAD_S = 60.0
"""Seconds that the values of filters are kept: shops have few of them, and they change seldom."""

MAX_FIELDS = 4
"""Fields whose values are suggested."""

PER_SUGGESTION = 2
"""Products that are read for each one that is suggested, as variants and equal titles are left out."""

FrequentQueries = Callable[[str], Sequence[str]]
"""The frequent queries that begin with a text, the most frequent first."""


def no_queries(_: str) -> Sequence[str]:
    """No frequent queries."""
    return ()


@dataclass(frozen=True)
class Suggestions:
    """What a text that is being typed may become, best first in each list."""

    products: Sequence[Hit] = ()
    values: Sequence[SuggestedValue] = ()
    queries: Sequence[str] = ()


@dataclass(frozen=True)
class _Searched:
    """What suggestions read of an index, in one language."""

    index: Index
    profile: IndexProfile
    fields: SuggestFields
    counted: Mapping[str, str]
    """The fields whose values are suggested, by the name of their filter, empty where there is none."""

    @classmethod
    def of(cls, index: Index, language: str | None) -> Self:
        profile, mapped = index.profile.in_language(language), unnested_fields(index)
        return cls(index, profile, _product_fields(index, profile, mapped), _value_fields(profile, mapped))

    def products_request(self, words: Sequence[str], size: int, *, tolerant: bool = False) -> dict[str, Json]:
        product = self.profile.product.fields()
        source = [*self.profile.source_fields, *(product[part] for part in _SHOWN if part in product)]
        return {
            "query": product_query(words, self.fields, self.index.retrieval().popularity_clause(), tolerant=tolerant),
            "size": size * PER_SUGGESTION,
            "track_total_hits": False,
            "_source": list(dict.fromkeys(source)),
        }


@dataclass
class Suggester:
    """Suggests for any index. It keeps the values of an index's filters for REREAD_S."""

    frequent: FrequentQueries = no_queries
    clock: Callable[[], float] = time.monotonic
    _searched: dict[str | None, _Searched] = field(default_factory=dict)
    _values: dict[tuple[str, str | None], tuple[float, list[SuggestedValue]]] = field(default_factory=dict)

    def suggest(self, index: Index, text: str, *, language: str | None = None, size: int = 5) -> Suggestions:
        """At most `size` of each for a text whose last word is being typed; nothing for an empty one.

        It is one call of the cluster, and a second one where fewer products than that have the words as they are typed:
        then parts of words and typing errors count too. InputError for a language that the profile does not have;
        ClusterError when the cluster cannot answer.
        """
        if reason := index.profile.language_problem(language):
            raise InputError("suggest", f"language: {reason}")
        words = typed_words(text)
        if not words:
            return Suggestions()
        searched = self._searched.get(language)
        if searched is None or searched.index is not index:
            self._searched[language] = searched = _Searched.of(index, language)
        read_at, values = self._values.get((index.uuid, language), (0.0, None))
        bodies = [searched.products_request(words, size)]
        if searched.counted and (values is None or self.clock() > read_at + REREAD_S):
            bodies.append(values_request(searched.counted))
        response, *counts = multi_search(index, bodies)
        if counts:
            values = _read_values(searched.counted, counts[0]["aggregations"])
            self._values[index.uuid, language] = self.clock(), values
        products = _distinct(searched.profile, read_hits(searched.profile, response), size)
        if len(products) < size and len(words[-1]) >= MIN_INFIX:
            (response,) = multi_search(index, [searched.products_request(words, size, tolerant=True)])
            products = _distinct(searched.profile, read_hits(searched.profile, response), size)
        return Suggestions(
            products, matching_values(text, values or (), size), list(self.frequent(text.strip()))[:size]
        )


_SHOWN = ("title", "brand", "price", "currency", "images")


def _product_fields(index: Index, profile: IndexProfile, mapped: Mapping[str, IndexField]) -> SuggestFields:
    product = profile.product.fields()
    titles = [title for title in (product.get("title", ""), *profile.boosts) if title in mapped][:1]
    inside = words_of(index, titles, mapped) or tuple(titles)
    forms = [path for path in profile.boosts if path in mapped and mapped[path].origin in titles]
    brand = [path for path in (product.get("brand", ""),) if path in mapped]
    words = dict.fromkeys((*inside, *words_of(index, brand, mapped)))
    return SuggestFields(tuple(path for path in forms if path not in words), tuple(words), inside)


def _value_fields(profile: IndexProfile, mapped: Mapping[str, IndexField]) -> dict[str, str]:
    """The fields whose values are suggested, that of the category first."""
    category = profile.product.category
    filters = [one for one in profile.filters if one.type == "keyword" and one.field in mapped]
    of_category = [one for one in filters if category and category in (one.field, mapped[one.field].origin)]
    counted = [one for one in filters if one.facet and one.facet.terms]
    found = {one.name: one.field for one in (*of_category, *counted)}
    if category and not of_category and category in mapped and mapped[category].type in KEYWORD_TYPES:
        found = {"": category, **found}
    return dict(list(found.items())[:MAX_FIELDS])


def _read_values(counted: Mapping[str, str], counts: Mapping[str, Json]) -> list[SuggestedValue]:
    return [
        SuggestedValue(bucket["key"], bucket["doc_count"], name or None)
        for name in counted
        for bucket in counts[name]["buckets"]
        if isinstance(bucket["key"], str)
    ]


def _distinct(profile: IndexProfile, hits: Sequence[Hit], size: int) -> list[Hit]:
    """The first hits, each product and each title once."""
    group, title = profile.product.group, profile.product.title
    seen: set[tuple[str, str]] = set()
    kept: list[Hit] = []
    for hit in hits:
        values = {field: value_at(hit.source, field) for field in (group, title) if field}
        keys = {(field, str(value).casefold()) for field, value in values.items() if value is not None}
        if not keys & seen:
            kept.append(hit)
        seen |= keys
    return kept[:size]
