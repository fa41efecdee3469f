"""Filters of a search, in its template: the profile's typed ones, and query clauses of the caller's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ltr_plugin.features.mustache import (
    NOTHING,
    Body,
    RawTemplate,
    element,
    list_with,
    literal,
    to_json,
    when,
    when_list,
)
from ltr_plugin.profile.filter_fields import RANGE_ENDS, FilterField
from ltr_plugin.profile.index_profile import UNKNOWN, IndexProfile

MATCH_ALL: Body = {"match_all": {}}

CLAUSES: RawTemplate = when_list("filters", {"bool": {"filter": to_json("filters")}}, MATCH_ALL)
"""The search parameter `filters`: query clauses that all restrict the products."""

DATE_FORMAT = "strict_date_optional_time||epoch_millis"
"""The dates that filters take, such as 2026-05-01, whatever `format` a field has for the dates of documents."""


def filter_clauses(profile: IndexProfile, *, without: FilterField | None = None) -> Body:
    """The clauses of all filters that a search is sent, but for those by the field `without`."""
    typed = [clause for field in profile.filters if field != without for clause in _field_clauses(field)]
    return list_with(typed, [CLAUSES])


def filtered_by(fields: Iterable[FilterField], body: RawTemplate, otherwise: RawTemplate) -> RawTemplate:
    """`body` where a search is filtered by one of these fields, else `otherwise`."""
    for field in fields:
        for parameter in field.parameters:
            otherwise = (when if field.ordered else when_list)(parameter, body, otherwise)
    return otherwise


def refused_parameters(profile: IndexProfile) -> Body:
    """Clauses that are no queries, by whose names the cluster refuses a search: for a parameter of UNKNOWN, for one
    that a field of another type would have, and for a filter that is no list. Without its filter, a search would find
    what it must not show."""
    mistaken = [parameter for field in profile.filters for parameter in field.mistaken_parameters]
    own = {
        name for field in profile.filters for name in (*field.parameters, field.sort_parameter if field.ordered else "")
    }
    unknown = [
        when(name, element({f"{name}_is_no_parameter_of_this_template": {}}), NOTHING)
        for name in (*UNKNOWN, *(parameter for parameter in mistaken if parameter not in own))
    ]
    values = [field.parameters[0] for field in profile.filters if not field.ordered]
    lists = {"filters": "query_clauses", **dict.fromkeys(values, "values")}
    no_lists = [
        when_list(name, NOTHING, when(name, element({f"{name}_must_be_a_list_of_{what}": {}}), NOTHING))
        for name, what in lists.items()
    ]
    return list_with([*unknown, *no_lists], [MATCH_ALL])


def clauses_of(profile: IndexProfile, params: Mapping[str, Any]) -> list[Body]:
    """The query clauses of filters by their search parameters, for a query that is no template."""
    return [
        _clause(field, parameter, literal(params[parameter]))
        for field in profile.filters
        for parameter in field.parameters
        if parameter in params
    ]


def _field_clauses(field: FilterField) -> Iterator[RawTemplate]:
    """Elements of a list, each with its comma, which are only there where the search has the parameter."""
    for parameter in field.parameters:
        if field.ordered:
            yield when(parameter, element(_clause(field, parameter, f"{{{{{parameter}}}}}")), NOTHING)
        else:
            yield when_list(parameter, element(_clause(field, parameter, to_json(parameter))), NOTHING)


def _clause(field: FilterField, parameter: str, value: Body) -> Body:
    """The query of one of a field's parameters."""
    if field.ordered:
        form = {"format": DATE_FORMAT} if field.type == "date" else {}
        return {"range": {field.field: {RANGE_ENDS[parameter.rpartition("_")[2]]: value, **form}}}
    return {"terms": {field.field: value}}
