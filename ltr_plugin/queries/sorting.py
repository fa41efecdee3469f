"""Searches that a shopper sorts by a field, such as the price: they are not ranked."""

from ltr_plugin.features.mustache import NOTHING, Body, RawTemplate, members, when
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_profile import DOCUMENT_ID, IndexProfile
from ltr_plugin.queries.filters import MATCH_ALL, filters_of, object_clauses
from ltr_plugin.queries.retrieval import Retrieval


def sort_members(profile: IndexProfile) -> list[RawTemplate]:
    """The order of a search for each field that it may be sorted by; the first-pass score, then the id, decide ties.

    For documents' own ids, which the cluster would load into memory to sort by them, the number of the last write does.
    """
    return [
        when(field.sort_parameter, members({"sort": _keys(profile, field)}), NOTHING)
        for field in profile.filters
        if field.ordered
    ]


def unsorted(profile: IndexProfile, body: RawTemplate) -> RawTemplate:
    """`body` where a search is not sorted by a field: the cluster refuses to rank one that is."""
    for field in profile.filters:
        if field.ordered:
            body = when(field.sort_parameter, NOTHING, body)
    return body


def sorted_lexically(retrieval: Retrieval) -> list[RawTemplate]:
    """Filters that leave a sorted search with words its lexical match: else the cheapest of all products that a vector
    finds would come first, however unlike the query."""
    lexical = when("text", retrieval.lexical_clause(), MATCH_ALL)
    return [when(field.sort_parameter, lexical, MATCH_ALL) for field in retrieval.profile.filters if field.ordered]


def _keys(profile: IndexProfile, field: FilterField) -> list[object]:
    """The keys of the order. Of a nested field, the least value counts in ascending and the greatest in descending
    order, among the objects that pass the filters."""
    order: dict[str, Body] = {"order": f"{{{{{field.sort_parameter}}}}}", "missing": "_last"}
    if nested := profile.nested_of(field.field):
        passing = {"bool": {"filter": object_clauses(nested, filters_of(profile, nested))}}
        order["nested"] = {"path": nested.path, "filter": passing}
    id_ = profile.product.id if profile.product.id != DOCUMENT_ID else "_seq_no"
    return [{field.field: order}, {"_score": {"order": "desc"}}, {id_: {"order": "asc"}}]
