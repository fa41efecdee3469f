"""The fields of an index, from its mapping and a sample of its documents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ltr_plugin.catalog.product import MEDIA_FIELDS
from ltr_plugin.catalog.values import paths_above
from ltr_plugin.engines import VECTOR_TYPES
from ltr_plugin.profile.index_profile import value_at

TEXT_TYPES = frozenset({"text", "match_only_text", "search_as_you_type"})
STRING_TYPES = TEXT_TYPES | {"keyword", "wildcard", "constant_keyword"}
NUMBER_TYPES = frozenset(
    {"double", "float", "half_float", "scaled_float", "long", "integer", "short", "byte", "unsigned_long"}
)
KEYWORD_TYPES = frozenset({"keyword", "constant_keyword"})
DATE_TYPES = frozenset({"date", "date_nanos"})

OBJECT = "object"
UNMAPPED = ""
"""The type of a field that documents have and the mapping does not: it is returned, and cannot be searched."""

PART_TYPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("title", "description", "brand", "model", "category"), STRING_TYPES),
    "price": NUMBER_TYPES,
    "currency": STRING_TYPES,
    "stock": NUMBER_TYPES | {"boolean"},
    "released": DATE_TYPES,
    "group": KEYWORD_TYPES | NUMBER_TYPES,
    **dict.fromkeys(MEDIA_FIELDS.values(), STRING_TYPES),
    "stats": frozenset({OBJECT}),
}
"""The types of a field that holds a part of a product, but for its id, in the order in which a draft guesses them."""

FILTER_TYPES: Mapping[str, frozenset[str]] = {
    "keyword": KEYWORD_TYPES | NUMBER_TYPES,
    "number": NUMBER_TYPES,
    "date": frozenset({"date"}),
    "boolean": frozenset({"boolean"}),
}
"""The types of a field that a search may be filtered by as one of these.

A `date_nanos` is none: it would be sorted by, too, and where a document has no date, the cluster (OpenSearch 3.6) never
answers a descending search.
"""

_MAX_DEPTH = 20


@dataclass(frozen=True)
class IndexField:
    """A field by its path; `values` are those of the sample, those of lists one by one.

    `origin` is the field whose values it takes, where it is another form of that: a sub-field or an alias, which
    documents do not have. `nested` is the nested object that it is in, if any: plain queries do not reach it.
    """

    path: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origin: str | None = None
    nested: str | None = None
    values: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def searchable(self) -> bool:
        """Whether a plain query of the index reaches it."""
        return self.indexed and self.nested is None

    @property
    def indexed(self) -> bool:
        """Whether a query reaches it, one of its nested object if need be."""
        return self.type != UNMAPPED and self.options.get("index", True) is not False


def index_fields(mapping: Mapping[str, Any], documents: Iterable[Mapping[str, Any]] = ()) -> dict[str, IndexField]:
    """The fields of a mapping by path, objects too, with their values in these documents; and unmapped ones of them."""
    documents = list(documents)
    found = {one.path: one for one in _mapped(mapping, "", None)}
    for one in [one for one in found.values() if one.type == "alias"]:
        target = found.get(str(one.options.get("path")))
        found[one.path] = IndexField(
            one.path, target.type if target else "alias", target.options if target else {}, str(one.options.get("path"))
        )
    for path in dict.fromkeys(path for document in documents for path in _paths(document, "")):
        if path not in found and not _within(path, found):
            found[path] = IndexField(path, UNMAPPED)
    return {
        path: IndexField(path, one.type, one.options, one.origin, one.nested, _values(documents, one))
        if one.type not in {OBJECT, "nested", *VECTOR_TYPES}
        else one
        for path, one in found.items()
    }


def _mapped(node: Mapping[str, Any], prefix: str, nested: str | None) -> Iterator[IndexField]:
    for name, options in node.get("properties", {}).items():
        path = f"{prefix}{name}"
        type_ = str(options.get("type", OBJECT))
        yield IndexField(path, type_, options, None, nested)
        for sub_name, sub_options in options.get("fields", {}).items():
            yield IndexField(f"{path}.{sub_name}", str(sub_options["type"]), sub_options, path, nested)
        yield from _mapped(options, f"{path}.", path if type_ == "nested" else nested)


def _paths(value: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, Mapping) and depth < _MAX_DEPTH:
            yield from _paths(inner, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}"


def _within(path: str, found: Mapping[str, IndexField]) -> bool:
    """Whether a mapped field holds this path whole, as a geographic point, a range, or one for any object does."""
    above = map(found.get, paths_above(path))
    return any(one is not None and one.type not in (OBJECT, "nested") for one in above)


def _values(documents: Iterable[Mapping[str, Any]], one: IndexField) -> tuple[Any, ...]:
    values: list[Any] = []
    for document in documents:
        values += values_at(document, one.origin or one.path, one.nested)
    return tuple(values)


def values_at(document: Mapping[str, Any], path: str, nested: str | None = None) -> list[Any]:
    """The values of a field in a document, those of lists one by one; of one of `nested` objects, those of them all."""
    if nested:
        objects = [one for one in values_at(document, nested) if isinstance(one, Mapping)]
        return [value for one in objects for value in values_at(one, path.removeprefix(f"{nested}."))]
    value = value_at(document, path)
    values = value if isinstance(value, list) else [value]
    return [one for one in values if one is not None and one != ""]
