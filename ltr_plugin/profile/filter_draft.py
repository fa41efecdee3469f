"""The filters, facets and nested fields of a first profile, guessed from the fields of an index and a sample."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ltr_plugin.catalog.schema import NestedField
from ltr_plugin.profile.filter_fields import Facet, FilterField, FilterType
from ltr_plugin.profile.index_fields import FILTER_TYPES, KEYWORD_TYPES, NUMBER_TYPES, IndexField, values_at
from ltr_plugin.profile.index_profile import IndexProfile

PARTS = ("brand", "category", "price", "stock", "released")
"""The parts of a product that shoppers filter by."""

TERMS = 20
MAX_VALUES, MIN_REPEATS = 50, 4
"""A keyword field is a facet when the sample has at most so many values of it, each so often on average."""


MAX_FILTERS = 10
"""Filters of a draft: each makes the text of search templates longer, which the cluster limits."""


def draft_nested(fields: Mapping[str, IndexField], documents: Sequence[Mapping[str, Any]]) -> Iterator[NestedField]:
    """The nested fields that can be filtered by, each with a key where one is found: the keyword with the fewest values
    of which each document has another one in each object."""
    for path in (one.path for one in fields.values() if one.type == "nested"):
        inside = [one for one in fields.values() if one.nested == path and one.indexed and _type(one)]
        keys = [one for one in inside if one.type == "keyword" and not one.origin and _is_key(one, path, documents)]
        named = [_named(path, one) for one in sorted(keys, key=lambda one: len(set(one.values)))]
        if inside:
            yield next((one for one in named if one), NestedField(path=path))


def _is_key(one: IndexField, nested: str, documents: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the objects of each document have different values of a field, and documents have the same ones."""
    counts = [(len(values_at(document, nested)), values_at(document, one.path, nested)) for document in documents]
    different = all(objects == len(values) == len(set(map(str, values))) for objects, values in counts)
    return different and any(objects > 1 for objects, _ in counts) and len(set(one.values)) < len(one.values)


def _named(nested: str, key: IndexField) -> NestedField | None:
    """The nested field with a key, where a search parameter can be called that."""
    try:
        made = NestedField(path=nested, key=key.path.removeprefix(f"{nested}."))
        return IndexProfile(nested=(made,)).nested[0]
    except ValueError:
        return None


def draft_filters(
    fields: Mapping[str, IndexField], parts: Mapping[str, str], nested: Collection[str] = ()
) -> Iterator[FilterField]:
    """The filters by parts of a product, and by other keyword fields with few values, those of `nested` fields too."""
    part_of = {path: part for part, path in parts.items()}
    taken: set[str] = set()
    wanted = [parts[part] for part in PARTS if part in parts]
    ordered = [*wanted, *(path for path in fields if path not in part_of)]
    for path in ordered:
        one = _form(path, fields, nested)
        type_ = _type(one) if one else None
        if one is None or type_ is None or (path not in part_of and not _has_few_values(one)):
            continue
        if len(taken) == MAX_FILTERS:
            return
        name = _name(path, taken)
        taken.add(name)
        yield FilterField(name=name, field=one.path, type=type_, facet=_facet(type_, one))


def _form(path: str, fields: Mapping[str, IndexField], nested: Collection[str]) -> IndexField | None:
    """The field that can be filtered by: this one, or its keyword sub-field."""
    if path not in fields:
        return None
    forms = [fields[path], *(other for other in fields.values() if other.origin == path and "." in other.path)]
    return next((one for one in forms if _type(one) and one.indexed and one.nested in {None, *nested}), None)


def _type(one: IndexField) -> FilterType | None:
    if one.options.get("doc_values", True) is False:
        return None
    if one.type in NUMBER_TYPES:
        return "number"
    if one.type in FILTER_TYPES["date"]:
        return "date"
    if one.type == "boolean":
        return "boolean"
    return "keyword" if one.type in KEYWORD_TYPES else None


def _has_few_values(one: IndexField) -> bool:
    distinct = {str(value) for value in one.values}
    return (
        one.origin is None
        and one.type in (*KEYWORD_TYPES, "boolean")
        and 1 < len(distinct) <= MAX_VALUES
        and len(one.values) >= MIN_REPEATS * len(distinct)
    )


def _facet(type_: FilterType, one: IndexField) -> Facet | None:
    if type_ in ("keyword", "boolean"):
        return Facet(terms=TERMS)
    if type_ == "date":
        return Facet(histogram="year")
    limits = _quartiles([float(value) for value in one.values if isinstance(value, int | float)])
    return Facet(ranges=limits) if limits else None


def _quartiles(values: list[float]) -> tuple[float, ...]:
    """The quartiles of the sample, rounded to two digits as people read them."""
    ordered = sorted(values)
    quartiles = {float(f"{ordered[len(ordered) * share // 4]:.2g}") for share in (1, 2, 3)} if ordered else set()
    return tuple(sorted(quartiles))


def _name(path: str, taken: set[str]) -> str:
    """A name of a filter for a field: the path in the letters of a parameter."""
    name = re.sub(r"[^a-z0-9_]+", "_", path.lower()).strip("_")[:60]
    name = name if name[:1].isalpha() else f"field_{name}".rstrip("_")
    return next(each for each in (name, *(f"{name}_{number}" for number in range(2, 1000))) if each not in taken)
