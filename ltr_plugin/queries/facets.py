"""Facets: how many products have each value of a field, counted by the search that ranks them."""

from itertools import pairwise

from ltr_plugin.catalog.schema import NestedField
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import Body, RawTemplate, members, object_with, when, when_list
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.filters import (
    CLAUSES,
    MATCH_ALL,
    field_clause,
    filtered_by,
    filters_of,
    nested_clause,
    object_clauses,
)
from ltr_plugin.queries.retrieval import Retrieval

FACETS, EXCLUDED = "facets", "excluded_by_own_filter"
"""Aggregations: the facets of what the search matches, and of what only the filter by their own field excludes."""

OBJECTS, PRODUCTS = "objects", "products"
"""Aggregations of a nested field: its objects, and in a bucket of them their products."""

MIN_SHARD_VALUES = 1000
"""Values that each shard counts: of a field with fewer, the counts on several shards are exact."""

BUCKET_FORMAT = "strict_date_time"
"""How the beginning of an interval is written, which a filter takes, whatever `format` the field has."""

LEXICAL_MATCH, NEIGHBOURS, ALL_PRODUCTS = "lexical match", "nearest neighbours", "all products"
"""What facets count, as FACETS says in its `meta`."""


def facet_aggregations(retrieval: Retrieval) -> dict[str, Body]:
    """The aggregations FACETS and EXCLUDED, each with the facets of the profile by the name of the field.

    With words they count the lexical match, else the nearest neighbours, else all products. A filter by a field must
    not narrow that field's own counts, so that a shopper sees what else could be chosen: FACETS and EXCLUDED added are
    the counts without it. EXCLUDED is looked for in the whole index: of all filters, exactly one may fail. (By vectors
    alone, it is of the neighbours before any filter.) So a template has each filter twice, and not once for each other
    facet: templates of the cluster are limited in length.
    """
    profile = retrieval.profile
    plain, nested = _plain(profile), _nested(profile)
    counts: Body = ALL_PRODUCTS
    for vector in retrieval.query_vectors:
        counts = when_list(vector, NEIGHBOURS, counts)
    facets = {
        "meta": {"counts": when("text", LEXICAL_MATCH, counts)},
        "filter": when("text", retrieval.lexical_clause(), MATCH_ALL),
        "aggs": {**plain, **nested},
    }
    counted = [field for field in profile.filters if field.facet]
    scope = filtered_by(counted, members({"global": {}}), members({"filter": MATCH_NONE}))
    own = retrieval.own_clause(CLAUSES)
    neighbours = [own] if own else retrieval.knn_clauses(CLAUSES)
    anew = when("text", retrieval.lexical_clause(), {"bool": {"should": [*neighbours, retrieval.browse_clause()]}})
    groups = {field.name: field_clause(field) for field in filters_of(profile)}
    groups |= {nested_name(one): nested_clause(profile, one) for one in profile.nested if filters_of(profile, one)}
    all_but_one = {"bool": {"filter": [anew, CLAUSES], "should": [*groups.values()], "minimum_should_match": "-1"}}
    excluded = {
        name: {"filter": {"bool": {"must_not": [groups[name]]}}, "aggs": {"values": values}}
        for name, values in (plain | nested).items()
    }
    matched = {"filter": all_but_one, "aggs": excluded}
    return {FACETS: facets, EXCLUDED: object_with([scope], {"aggs": {"matched": matched}})}


def nested_name(nested: NestedField) -> str:
    """The name of the aggregation that has the facets of a nested field."""
    return f"nested {nested.path}"


def _plain(profile: IndexProfile) -> dict[str, Body]:
    """The facets of fields of products themselves."""
    return {field.name: _buckets(field, field.facet) for field in filters_of(profile) if field.facet}


def _nested(profile: IndexProfile) -> dict[str, Body]:
    """The facets of each nested field: each is of the objects that pass the filters by the other fields of it."""
    found: dict[str, Body] = {}
    for nested in profile.nested:
        fields = filters_of(profile, nested)
        counted = {
            field.name: {
                "filter": {"bool": {"filter": object_clauses(nested, [one for one in fields if one != field])}},
                "aggs": {"values": _by_products(field, field.facet)},
            }
            for field in fields
            if field.facet
        }
        if counted:
            found[nested_name(nested)] = {"nested": {"path": nested.path}, "aggs": counted}
    return found


def _by_products(field: FilterField, facet: Facet) -> dict[str, Body]:
    """The buckets of a facet of a nested field: each has the number of its products, by which they are ordered."""
    values = _buckets(field, facet)
    ordered = {"order": [{PRODUCTS: "desc"}, {"_key": "asc"}]}
    terms = {"terms": {**values["terms"], **ordered}} if facet.terms else {}
    return {**values, **terms, "aggs": {PRODUCTS: {"reverse_nested": {}}}}


def _buckets(field: FilterField, facet: Facet) -> dict[str, dict[str, Body]]:
    path = field.field
    if facet.terms:
        most = max(MIN_SHARD_VALUES, 2 * facet.terms)  # of two lists that are added, none may miss a value of the other
        size = filtered_by([field], RawTemplate(str(most)), RawTemplate(str(facet.terms)))
        return {"terms": {"field": path, "size": size, "shard_size": most}}
    if facet.ranges:
        limits = (None, *facet.ranges, None)
        bounds = [{"from": low, "to": high} for low, high in pairwise(limits)]
        ranges = [{end: value for end, value in bound.items() if value is not None} for bound in bounds]
        return {"range": {"field": path, "ranges": ranges}}
    if isinstance(facet.histogram, str):
        date_histogram = {"field": path, "calendar_interval": facet.histogram, "format": BUCKET_FORMAT}
        return {"date_histogram": {**date_histogram, "min_doc_count": 1}}
    return {"histogram": {"field": path, "interval": facet.histogram, "min_doc_count": 1}}
