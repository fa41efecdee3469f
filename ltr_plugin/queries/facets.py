"""Facets: how many products have each value of a field, counted by the search that ranks them."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from ltr_plugin.catalog.schema import NestedField
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import Body, RawTemplate, members, object_with, render, when, when_list
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.filters import CLAUSES, MATCH_ALL, filter_clauses, filtered_by, filters_of, object_clauses
from ltr_plugin.queries.retrieval import Retrieval

FACETS, WITHOUT_OWN_FILTER, UNUSED = "facets", "without_own_filter", "unused_"
"""Aggregations: the facets of what the search matches, and those of fields that it is filtered by; what the names of
the others begin with there."""

OBJECTS, PRODUCTS = "objects", "products"
"""Aggregations of a nested field: its objects that pass the filters, and in a bucket of them their products."""

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
        "aggs": {
            **{
                name: _values(field.field, facet)
                for name, (field, facet) in declared.items()
                if not retrieval.profile.nested_of(field.field)
            },
            **_by_path(retrieval.profile),
        },
    }
    scope = filtered_by(fields, members({"global": {}}), members({"filter": MATCH_NONE}))
    again = [_without_own(retrieval, field, facet) for field, facet in declared.values()]
    own = retrieval.own_clause(CLAUSES)
    neighbours = [own] if own else retrieval.knn_clauses(CLAUSES)
    anew = when("text", retrieval.lexical_clause(), {"bool": {"should": [*neighbours, retrieval.browse_clause()]}})
    matched = {"filter": {"bool": {"must": [anew], "filter": [CLAUSES]}}, "aggs": object_with(again, {"all": _ALL})}
    return {FACETS: facets, WITHOUT_OWN_FILTER: object_with([scope], {"aggs": {"matched": matched}})}


_ALL: Body = {"filter": MATCH_ALL}


def nested_name(nested: NestedField) -> str:
    """The name of the aggregation in FACETS that has the facets of a nested field."""
    return f"nested {nested.path}"


def _by_path(profile: IndexProfile) -> dict[str, Body]:
    """The facets of each nested field, which have the filters of its objects once."""
    found: dict[str, Body] = {}
    for nested in profile.nested:
        fields = filters_of(profile, nested)
        values = {one.name: _values(one.field, one.facet, nested=True) for one in fields if one.facet}
        if values:
            found[nested_name(nested)] = _in_objects(nested, fields, values)
    return found


def _in_objects(nested: NestedField, fields: Iterable[FilterField], values: Mapping[str, Body]) -> Body:
    """Aggregations of the objects of a nested field that pass the filters by these fields."""
    passing = {"filter": {"bool": {"filter": object_clauses(nested, fields)}}, "aggs": values}
    return {"nested": {"path": nested.path}, "aggs": {OBJECTS: passing}}


def _without_own(retrieval: Retrieval, field: FilterField, facet: Facet) -> RawTemplate:
    """The facet under the other filters, by the name of the field.

    Where the search is not filtered by it, it counts nothing and has the name UNUSED: a template has its text once, for
    all parameters of the field, since templates of the cluster are limited in length.
    """
    name = filtered_by([field], RawTemplate(field.name), RawTemplate(f"{UNUSED}{field.name}"))
    asked = filtered_by([field], RawTemplate(render(MATCH_ALL)), RawTemplate(render(MATCH_NONE)))
    profile = retrieval.profile
    values, own = _values(field.field, facet), [field]
    if nested := profile.nested_of(field.field):  # whose other filters the counted objects pass
        own = filters_of(profile, nested)
        values = _values(field.field, facet, nested=True)
        values = _in_objects(nested, [one for one in own if one != field], {"values": values})
    others = {"bool": {"must": [asked], "filter": filter_clauses(profile, without=own)}}
    counts = {"filter": others, "aggs": {"values": values}}
    return RawTemplate(f'"{name.text}":{render(counts)},')


def _values(path: str, facet: Facet, *, nested: bool = False) -> Body:
    """The buckets of a facet; of a nested field each has the number of its products, by which they are ordered."""
    if nested:
        values = _buckets(path, facet)
        ordered = {"order": [{PRODUCTS: "desc"}, {"_key": "asc"}]}
        terms = {"terms": {**values["terms"], **ordered}} if facet.terms else {}
        return {**values, **terms, "aggs": {PRODUCTS: {"reverse_nested": {}}}}
    return _buckets(path, facet)


def _buckets(path: str, facet: Facet) -> dict[str, dict[str, Body]]:
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
