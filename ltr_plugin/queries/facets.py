"""Facets: how many products have each value of a field, counted by the search that ranks them."""

from itertools import pairwise

from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import Body, RawTemplate, members, object_with, render, when, when_list
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.queries.filters import CLAUSES, MATCH_ALL, filter_clauses, filtered_by
from ltr_plugin.queries.retrieval import Retrieval

FACETS, WITHOUT_OWN_FILTER, UNUSED = "facets", "without_own_filter", "unused_"
"""Aggregations: the facets of what the search matches, and those of fields that it is filtered by; what the names of
the others begin with there."""

MIN_SHARD_VALUES = 1000
"""Values that each shard counts: of a field with fewer, the counts on several shards are exact."""

BUCKET_FORMAT = "strict_date_time"
"""How the beginning of an interval is written, which a filter takes, whatever `format` the field has."""

LEXICAL_MATCH, NEIGHBOURS, ALL_PRODUCTS = "lexical match", "nearest neighbours", "all products"
"""What facets count, as FACETS says in its `meta`."""


def facet_aggregations(retrieval: Retrieval) -> dict[str, Body]:
    """The aggregations FACETS and WITHOUT_OWN_FILTER, each with the facets of the profile by the name of the field.

    With words they count the lexical match, else the nearest neighbours, else all products. A filter by a field must
    not narrow that field's own counts, so that a shopper sees what else could be chosen: they are counted again in the
    whole index, under the other filters. (By vectors alone, these counts are of the neighbours before any filter.)
    """
    declared = {field.name: (field, field.facet) for field in retrieval.profile.filters if field.facet}
    fields = [field for field, _ in declared.values()]
    counts: Body = ALL_PRODUCTS
    for vector in retrieval.query_vectors:
        counts = when_list(vector, NEIGHBOURS, counts)
    facets = {
        "meta": {"counts": when("text", LEXICAL_MATCH, counts)},
        "filter": when("text", retrieval.lexical_clause(), MATCH_ALL),
        "aggs": {name: _values(field.field, facet) for name, (field, facet) in declared.items()},
    }
    scope = filtered_by(fields, members({"global": {}}), members({"filter": MATCH_NONE}))
    again = [_without_own(retrieval, field, facet) for field, facet in declared.values()]
    own = retrieval.own_clause(CLAUSES)
    neighbours = [own] if own else retrieval.knn_clauses(CLAUSES)
    anew = when("text", retrieval.lexical_clause(), {"bool": {"should": [*neighbours, retrieval.browse_clause()]}})
    matched = {"filter": {"bool": {"must": [anew], "filter": [CLAUSES]}}, "aggs": object_with(again, {"all": _ALL})}
    return {FACETS: facets, WITHOUT_OWN_FILTER: object_with([scope], {"aggs": {"matched": matched}})}


_ALL: Body = {"filter": MATCH_ALL}


def _without_own(retrieval: Retrieval, field: FilterField, facet: Facet) -> RawTemplate:
    """The facet under the other filters, by the name of the field.

    Where the search is not filtered by it, it counts nothing and has the name UNUSED: a template has its text once, for
    all parameters of the field, since templates of the cluster are limited in length.
    """
    name = filtered_by([field], RawTemplate(field.name), RawTemplate(f"{UNUSED}{field.name}"))
    asked = filtered_by([field], RawTemplate(render(MATCH_ALL)), RawTemplate(render(MATCH_NONE)))
    others = {"bool": {"must": [asked], "filter": filter_clauses(retrieval.profile, without=field)}}
    counts = {"filter": others, "aggs": {"values": _values(field.field, facet)}}
    return RawTemplate(f'"{name.text}":{render(counts)},')


def _values(path: str, facet: Facet) -> Body:
    if facet.terms:
        return {"terms": {"field": path, "size": facet.terms, "shard_size": max(MIN_SHARD_VALUES, 2 * facet.terms)}}
    if facet.ranges:
        limits = (None, *facet.ranges, None)
        bounds = [{"from": low, "to": high} for low, high in pairwise(limits)]
        ranges = [{end: value for end, value in bound.items() if value is not None} for bound in bounds]
        return {"range": {"field": path, "ranges": ranges}}
    if isinstance(facet.histogram, str):
        date_histogram = {"field": path, "calendar_interval": facet.histogram, "format": BUCKET_FORMAT}
        return {"date_histogram": {**date_histogram, "min_doc_count": 1}}
    return {"histogram": {"field": path, "interval": facet.histogram, "min_doc_count": 1}}
