"""What is wrong with a profile for an index: fields that are not there or of another type, each with its place."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches

from ltr_plugin.catalog.localized import LANGUAGE, in_languages
from ltr_plugin.catalog.product import MEDIA_FIELDS
from ltr_plugin.catalog.schema import VARIANTS, NestedField
from ltr_plugin.catalog.values import paths_above
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.engines import VECTOR_ENGINES, VECTOR_TYPES, WHOLE_OBJECT_TYPES
from ltr_plugin.errors import Problem
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_fields import (
    FILTER_TYPES,
    NUMBER_TYPES,
    PART_TYPES,
    TEXT_TYPES,
    UNMAPPED,
    IndexField,
)
from ltr_plugin.profile.index_profile import DOCUMENT_ID, IndexProfile

MAX_NEAREST, MAX_NAMED = 3, 20

ATTRIBUTE_TEXT = "attribute_text"
"""The field of an index of this library that has the attributes and keywords of products and of their variants."""

_TYPES = {"id": frozenset({"keyword"}), **PART_TYPES}
_KINDS = {
    "id": "a keyword",
    "price": "a number",
    "stock": "a number or boolean",
    "released": "a date",
    "group": "a keyword",
    "stats": "an object",
}
"""What a field of a part of a product is, in words, where it is not text."""


def profile_problems(profile: IndexProfile, fields: Mapping[str, IndexField]) -> list[Problem]:
    """All that is wrong with a profile for an index with these fields, but for the encoders; empty when it is right.

    A field that only documents have, and not the mapping, may be returned and may hold media.
    """
    problems = list(_without_languages(profile))
    if problems:
        return problems
    codes = tuple(profile.languages)
    problems = product_problems(profile, fields)
    if not profile.text_fields:
        problems.append(Problem("$.text_fields", "the first pass needs at least one field; name those with words"))
    for position, boosted in enumerate(profile.text_fields):
        for path in in_languages(boosted.partition("^")[0], codes):
            problems += _text(f"$.text_fields[{position}]", path, fields)
    for position, field in enumerate(profile.returned_fields):
        for path in in_languages(field, codes):
            problems += _returned(f"$.returned_fields[{position}]", path, fields)
    for position, one in enumerate(profile.filters):
        for path in in_languages(one.field, codes):
            named = one.model_copy(update={"field": path})
            problems += _filter(f"$.filters[{position}].field", named, profile, fields)
    for position, nested in enumerate(profile.nested):
        problems += _nested(f"$.nested[{position}]", nested, fields)
    problems += _popularity(profile, fields)
    for position, vector in enumerate(profile.vectors):
        problems += vector_problems(f"$.vectors[{position}]", vector, fields)
    return problems


def _without_languages(profile: IndexProfile) -> Iterator[Problem]:
    """The problem of each field by language where the profile states no languages."""
    named = {f"$.product.{part}": field for part, field in profile.product}
    named |= {f"$.text_fields[{position}]": field for position, field in enumerate(profile.text_fields)}
    named |= {f"$.returned_fields[{position}]": field for position, field in enumerate(profile.returned_fields)}
    named |= {f"$.filters[{position}].field": one.field for position, one in enumerate(profile.filters)}
    named["$.first_pass.query"] = LANGUAGE if LANGUAGE in (profile.first_pass.query or "") else None
    for place, field in named.items():
        if field and LANGUAGE in field and not profile.languages:
            yield Problem(place, f"{field!r} needs `languages`, such as `languages: {{de: german, fr: french}}`")


def product_problems(profile: IndexProfile, fields: Mapping[str, IndexField]) -> list[Problem]:
    """What is wrong with the fields of the parts of a product."""
    codes = tuple(profile.languages)
    return [
        problem
        for part, field in profile.product
        for path in in_languages(field or "", codes)
        if path
        for problem in _part(part, path, profile, fields)
    ]


def profile_warnings(profile: IndexProfile, fields: Mapping[str, IndexField]) -> Iterator[str]:
    """What may be wrong with a profile all the same: limits of ranges between two numbers that a field can have.

    A float of 32 bits has 19.989999771 for 19.99, which the cluster counts below a limit of 19.99, though a filter from
    19.99 on has it.
    """
    for position, declared in enumerate(profile.filters):
        limits = declared.facet.ranges if declared.facet else None
        type_ = fields[declared.field].type if declared.field in fields else ""
        if not limits or type_ not in _FLOATS:
            continue
        for limit in limits:
            with suppress(OverflowError):  # beyond what the field can have
                if struct.unpack(_FLOATS[type_], struct.pack(_FLOATS[type_], limit))[0] < limit:
                    yield (
                        f"$.filters[{position}].facet.ranges: {declared.field!r} is a {type_}, whose values of "
                        f"{limit:g} are a bit less and count below it; choose a limit such as {round(limit)}"
                    )


_FLOATS = {"float": "f", "half_float": "e"}
"""Types of numbers that most decimal fractions are rounded in, as `struct` calls them."""


def _part(part: str, path: str, profile: IndexProfile, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    place = f"$.product.{part}"
    if part == "id" and path == DOCUMENT_ID:
        return
    yield from (missing := list(_missing(place, path, fields, mapped=part not in (*MEDIA_FIELDS.values(), "stats"))))
    one = fields.get(path)
    if missing or one is None:
        return
    kind, types = _KINDS.get(part, "text"), _TYPES[part]
    nested = profile.nested_of(path)
    if one.origin:
        yield _other_form(place, one)
    elif one.nested and part == "stock" and (nested is None or nested.path != one.nested):
        yield _undeclared(place, one)
    elif one.nested and part != "stock":
        yield Problem(place, f"{path!r} is inside of the nested {one.nested!r}, so a product has several; name another")
    elif one.type not in types and one.type != UNMAPPED:
        yield Problem(place, f"{path!r} is of type {one.type}, not {kind}; name another field, or leave it out")


def _returned(place: str, path: str, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    yield from _missing(place, path, fields)
    if (one := fields.get(path)) and one.origin:
        yield _other_form(place, one)


def _undeclared(place: str, one: IndexField) -> Problem:
    declared = f"declare that: `nested: [{{path: {one.nested}}}]`"
    return Problem(place, f"{one.path!r} is inside of the nested {one.nested!r}; {declared}")


def _other_form(place: str, one: IndexField) -> Problem:
    return Problem(place, f"{one.path!r} is another form of {one.origin!r}, which documents do not have; name that one")


def _text(place: str, path: str, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    yield from (missing := list(_missing(place, path, fields, mapped=True)))
    one = fields.get(path)
    if missing or one is None:
        return
    if one.nested:
        keyword = fields[one.origin or path]
        found = keyword.type == "keyword" and one.nested == VARIANTS and ATTRIBUTE_TEXT in fields
        instead = f"; its words are found in {ATTRIBUTE_TEXT}" if found else ""
        yield Problem(
            place,
            f"{path!r} is inside of the nested {one.nested!r}, so a search does not reach it; leave it out{instead}",
        )
    elif one.type not in TEXT_TYPES:
        forms = [other.path for other in fields.values() if other.origin == path and other.type in TEXT_TYPES]
        instead = f"name {' or '.join(forms)}" if forms else "name another field, or leave it out"
        yield Problem(place, f"{path!r} is of type {one.type}, not text; {instead}")
    elif not one.searchable:
        yield Problem(place, f"{path!r} is not indexed, so a search does not reach it; leave it out")


def _nested(place: str, nested: NestedField, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    one, key = fields.get(nested.path), fields.get(nested.key_field or "")
    if one is None or one.type != "nested":
        found = f"is of type {one.type}, not nested" if one else "is no field of the index"
        known = [other.path for other in fields.values() if other.type == "nested"]
        instead = f"name {' or '.join(known[:MAX_NAMED])}" if known else "leave it out"
        yield Problem(f"{place}.path", f"{nested.path!r} {found}; {instead}")
    elif nested.key_field and (key is None or key.type != "keyword" or key.nested != nested.path):
        found = f"is of type {key.type}, not a keyword" if key else "is no field of the index"
        inside = [other.path.removeprefix(f"{nested.path}.") for other in fields.values() if other.nested == nested.path
                  and other.type == "keyword" and other.origin is None]  # fmt: skip
        instead = f"name {' or '.join(inside[:MAX_NAMED])}, or leave it out" if inside else "leave it out"
        yield Problem(f"{place}.key", f"{nested.key_field!r} {found}; {instead}")


def _filter(
    place: str, declared: FilterField, profile: IndexProfile, fields: Mapping[str, IndexField]
) -> Iterator[Problem]:
    path, nested = declared.field, profile.nested_of(declared.field)
    yield from (missing := list(_missing(place, path, fields, mapped=True)))
    one = fields.get(path)
    if missing or one is None:
        return
    types = FILTER_TYPES[declared.type]
    if one.type not in types:
        forms = [other.path for other in fields.values() if other.origin == path and other.type in types]
        instead = f"name {' or '.join(forms)}" if forms else "name another field or type, or leave it out"
        yield Problem(place, f"{path!r} is of type {one.type}, not a {declared.type}; {instead}")
    elif one.nested and (nested is None or nested.path != one.nested):
        yield _undeclared(place, one)
    elif not one.indexed:
        yield Problem(place, f"{path!r} is not indexed, so a search cannot be filtered by it; leave it out")
    elif one.options.get("doc_values", True) is False and (declared.facet or declared.ordered):
        yield Problem(place, f"{path!r} has no doc_values, so it is neither counted nor sorted by; leave it out")


def _popularity(profile: IndexProfile, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    """The problem of a popularity that is no number; of shoppers' behaviour, a number may come later."""
    place, path = "$.first_pass.popularity", profile.first_pass.popularity
    one = fields.get(path or "")
    if path and one and one.type in NUMBER_TYPES and not one.searchable:
        yield Problem(place, f"{path!r} cannot be searched; leave it out")
    elif path and one and one.type not in {*NUMBER_TYPES, UNMAPPED}:
        yield Problem(place, f"{path!r} is of type {one.type}, not a number; name another field, or leave it out")
    elif path and not path.startswith(f"{profile.product.stats}."):
        yield from _missing(place, path, fields, mapped=True)


def vector_problems(place: str, vector: VectorField, fields: Mapping[str, IndexField]) -> Iterator[Problem]:
    """What is wrong with a vector field, each at or below this place."""
    path, dimension = vector.name, vector.fingerprint.dimension
    yield from (missing := list(_missing(f"{place}.name", path, fields, mapped=True)))
    one = fields.get(path)
    if missing or one is None:
        return
    if one.type not in VECTOR_TYPES:
        known = [other.path for other in fields.values() if other.type in VECTOR_TYPES]
        instead = f"the index has {', '.join(known)}" if known else "the index has no such field"
        yield Problem(f"{place}.name", f"{path!r} is of type {one.type}, not a vector; {instead}")
    elif one.nested:
        yield Problem(f"{place}.name", f"{path!r} is inside of the nested {one.nested!r}; a search does not reach it")
    elif (stored := VECTOR_ENGINES[one.type].vector_dimension(one.options)) and dimension and stored != dimension:
        message = f"makes {dimension:,} dimensions, but {path!r} has {stored:,}; state the encoder that made it"
        yield Problem(f"{place}.encoder", message)


def _missing(place: str, path: str, fields: Mapping[str, IndexField], *, mapped: bool = False) -> Iterator[Problem]:
    """The problem of a field that is not there; with `mapped`, also of one that only documents have."""
    one = fields.get(path)
    above = map(fields.get, paths_above(path))
    if one is None and not any(outer and outer.type in WHOLE_OBJECT_TYPES for outer in above):
        yield Problem(place, f"no field {path!r} in the index; {_nearest(path, fields)}")
    elif mapped and one and one.type == UNMAPPED:
        yield Problem(place, f"{path!r} is in documents, but not in the mapping, so no search reaches it; leave it out")


def _nearest(path: str, fields: Iterable[str]) -> str:
    paths = list(fields)
    last = [other for other in paths if other.rpartition(".")[2] == path.rpartition(".")[2]]
    near = list(dict.fromkeys([*last, *get_close_matches(path, paths, MAX_NEAREST, 0.6)]))[:MAX_NEAREST]
    if near:
        return f"do you mean {' or '.join(near)}?"
    more = ", ..." if len(paths) > MAX_NAMED else ""
    return f"it has {', '.join(paths[:MAX_NAMED])}{more}" if paths else "it has no fields"
