"""Filters of a search, in its template: the profile's typed ones, and query clauses of the caller's.

All filters by fields of one nested field are one clause, so that they hold for the same object: "size M and colour red"
is one variant that is both. Where the objects have a key, such as `store`, the search parameter of that name picks one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ltr_plugin.catalog.schema import NestedField
from ltr_plugin.features.mustache import (
    NOTHING,
    Body,
    RawTemplate,
    element,
    list_with,
    literal,
    members,
    object_with,
    to_json,
    when,
    when_list,
)
from ltr_plugin.features.nested import picked
from ltr_plugin.profile.filter_fields import RANGE_ENDS, FilterField
from ltr_plugin.profile.index_profile import PICK, UNKNOWN, IndexProfile

MATCH_ALL: Body = {"match_all": {}}

CLAUSES: RawTemplate = when_list("filters", {"bool": {"filter": to_json("filters")}}, MATCH_ALL)
"""The search parameter `filters`: query clauses that all restrict the products."""

DATE_FORMAT = "strict_date_optional_time||epoch_millis"
"""The dates that filters take, such as 2026-05-01, whatever `format` a field has for the dates of documents."""


MAX_MATCHES = 20
"""Objects of a nested field, such as variants, that a hit shows because they pass the filters."""


def filter_clauses(profile: IndexProfile, *, show_matches: bool = False) -> Body:
    """The clauses of all filters that a search is sent. With `show_matches`, hits bring the objects of nested fields
    that pass the filters, as `inner_hits` by the path."""
    typed = [clause for field in filters_of(profile) for clause in _field_clauses(field)]
    for nested in profile.nested:
        fields = filters_of(profile, nested)
        typed += [element(_nested_clause(nested, fields, show_matches=show_matches))] if fields else []
    return list_with(typed, [CLAUSES])


def field_clause(field: FilterField) -> Body:
    """The filters of a search by one field, as one clause; it is true of all products for a search without any."""
    return {"bool": {"filter": list_with(_field_clauses(field), [MATCH_ALL])}}


def nested_clause(profile: IndexProfile, nested: NestedField) -> Body:
    """The filters of a search by all fields of a nested one, likewise."""
    return _nested_clause(nested, filters_of(profile, nested), show_matches=False)


def filters_of(profile: IndexProfile, nested: NestedField | None = None) -> list[FilterField]:
    """The filters by fields of a nested field, or of the product itself."""
    return [field for field in profile.filters if profile.nested_of(field.field) == nested]


def object_clauses(nested: NestedField, fields: Iterable[FilterField]) -> Body:
    """The clauses that an object of a nested field passes: the filters by these fields, and the key that is picked."""
    filters = [clause for field in fields for clause in _field_clauses(field)]
    return list_with([*filters, *picked(nested.path, nested.key)], [MATCH_ALL])


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
    keys = profile.pick_keys
    mistaken += [PICK, *(f"filter_{key}" for key in keys)] if keys else []
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
    no_texts = [when_list(key, element({f"{key}_must_be_text": {}}), NOTHING) for key in keys]
    return list_with([*unknown, *no_lists, *no_texts], [MATCH_ALL])


def clauses_of(profile: IndexProfile, params: Mapping[str, Any], *, of_picked: bool = False) -> list[Body]:
    """The query clauses of filters by their search parameters. With `of_picked`, which only a template can have, those
    of nested objects are about the one that a search picks."""
    plain: list[Body] = []
    by_path: dict[NestedField, list[Body]] = {}
    for field in profile.filters:
        given = [_clause(field, name, literal(params[name])) for name in field.parameters if name in params]
        nested = profile.nested_of(field.field)
        if nested is None:
            plain += given
        elif given:
            by_path.setdefault(nested, []).extend(given)
    for nested, given in by_path.items():
        clauses = list_with(picked(nested.path, nested.key) if of_picked else (), given)
        plain.append({"nested": _objects(nested, clauses)})
    return plain


def reached(profile: IndexProfile, field: str, clause: Body) -> Body:
    """A query clause about a field as a template has it: where that is in nested objects, it is true of products with
    such an object, or of those of which the picked one is such."""
    if (nested := profile.nested_of(field)) is None:
        return clause
    return {"nested": _objects(nested, list_with(picked(nested.path, nested.key), [clause]))}


def _nested_clause(nested: NestedField, fields: Iterable[FilterField], *, show_matches: bool) -> Body:
    """The products with an object that passes all filters by these fields.

    For a search without any of them it is all products: "-1" of one clause are none, so the cluster drops the clause.
    """
    fields = list(fields)
    query = _objects(nested, object_clauses(nested, fields))
    shown = filtered_by(fields, members({"inner_hits": {"size": MAX_MATCHES}}), NOTHING) if show_matches else NOTHING
    required = RawTemplate(f'"{filtered_by(fields, NOTHING, RawTemplate("-")).text}1"')
    clause = {"nested": object_with([shown], query)}
    return {"bool": {"filter": [MATCH_ALL], "should": [clause], "minimum_should_match": required}}


def _objects(nested: NestedField, clauses: Body) -> dict[str, Body]:
    """The products with an object of a nested field that all these clauses, a list, are true of."""
    return {"path": nested.path, "query": {"bool": {"filter": clauses}}}


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
