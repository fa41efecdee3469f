"""Checks that an index has what a feature set reads: fields of the right types, and vectors of the right spaces."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE, in_languages
from ltr_plugin.catalog.values import paths_above
from ltr_plugin.catalog.vectors import VectorField, query_fields
from ltr_plugin.engines import VECTOR_TYPES
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.expressions import term_count
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import AnyFeature, Derived, Template
from ltr_plugin.features.nested import NestedFeature

FIELD_TYPES: Mapping[str, set[str]] = {
    "text": {"text", "keyword", "match_only_text"},
    "tokenized text": {"text", "match_only_text"},
    "number": {"double", "float", "half_float", "scaled_float", "long", "integer", "short", "byte", "unsigned_long"},
    "date": {"date"},
    "vector": set(VECTOR_TYPES),
    "boolean": {"boolean"},
}
"""The types that a field may have, by what a feature needs."""

_COMPUTING = ("field_value_factor", "script_score", "script")
"""Keys of queries that compute a score from numbers of the product."""


def unbounded_templates(features: FeatureSet) -> list[Problem]:
    """The features that are templates of one's own and compute with numbers of the product.

    Their queries are sent as they are written, so a number that they cannot compute with, such as one below 0, fails
    every search that scores its product.
    """
    return [
        Problem(
            f"$.features[{position}].template",
            f"{feature.name}: {risky} fails a search at a number that it cannot compute with; use field_value, or "
            "bound the number in the template",
        )
        for position, feature in enumerate(features.features)
        if isinstance(feature, Template)
        and (risky := next((name for name in _COMPUTING if f'"{name}"' in feature.text), None))
    ]


def check_fields(
    features: FeatureSet,
    mapping: Mapping[str, Any],
    vectors: Sequence[VectorField],
    *,
    pick_keys: Collection[str] | None = None,
    languages: Sequence[str] = (),
) -> None:
    """InputError lists every feature that an index with this mapping, these vector fields and `languages` cannot
    evaluate; with `pick_keys`, the keys of the profile's nested fields, also those that pick by another one.

    A field below `stats` may be absent: it is mapped when the first product has it.
    """
    problems = list(_problems(features, mapping, vectors, languages))
    if pick_keys is not None:
        problems += [
            Problem(
                f"$.features[{position}].pick",
                f"{one.name}: searches have no parameter {one.pick!r}; state it in the profile: "
                f"`nested: [{{path: {one.nested}, key: {one.pick}}}]`",
            )
            for position, one in enumerate(features.features)
            if isinstance(one, NestedFeature) and one.pick and one.pick not in pick_keys
        ]
    if problems:
        raise InputError(f"feature set {features.id}", problems)


def _problems(
    features: FeatureSet, mapping: Mapping[str, Any], vectors: Sequence[VectorField], languages: Sequence[str]
) -> Iterator[Problem]:
    for position, feature in enumerate(features.features):
        location = f"$.features[{position}]"
        for named, required in feature.required_fields().items():
            if LANGUAGE in named and not languages:
                message = f"{feature.name}: {named!r} is a field by language, and the profile states no `languages`"
                yield Problem(f"{location}.field", message)
            stated = feature.required_nested().get(named)
            for field in in_languages(named, languages):
                yield from _field_problems(location, feature, mapping, field, required, stated)
        for query, field in feature.required_vectors().items():
            yield from _vector_problems(location, feature.name, query, field, vectors)
        if isinstance(feature, Derived) and term_count(feature.expression) > Derived.MAX_TERMS:
            yield Problem(
                f"{location}.expression",
                f"has more than {Derived.MAX_TERMS} terms, which could crash the node; split it",
            )


def _field_problems(
    location: str, feature: AnyFeature, mapping: Mapping[str, Any], field: str, required: str, stated: str | None
) -> Iterator[Problem]:
    """What is wrong with a field that a feature reads as this kind of field, in the nested field that it states."""
    type_ = field_type(mapping, field)
    if type_ is None and not field.startswith("stats."):
        yield Problem(
            f"{location}.field", f"{feature.name}: no field {field!r} in the index; it has {_field_names(mapping)}"
        )
    elif type_ is not None and type_ not in FIELD_TYPES[required]:
        message = f"{field!r} is of type {type_}, but {feature.name!r} needs a {required} field"
        yield Problem(f"{location}.field", message)
    elif type_ is not None and (wrong := _nested_problem(mapping, field, feature, stated)):
        yield Problem(f"{location}.nested", wrong)


def _nested_problem(mapping: Mapping[str, Any], field: str, feature: AnyFeature, stated: str | None) -> str | None:
    """What is wrong with where a feature looks for a field: it has no value outside of the objects that it is in."""
    inside = next((path for path in reversed(paths_above(field)) if field_type(mapping, path) == "nested"), None)
    if inside == stated:
        pick = getattr(feature, "pick", None)
        if pick and field_type(mapping, f"{inside}.{pick}") != "keyword":
            return f"{feature.name}: {inside!r} has no keyword {pick!r} to pick by; correct `pick`, or leave it out"
        return None
    if inside is None:
        return f"{feature.name}: {field!r} is in no nested field {stated!r}; leave `nested` out, or correct it"
    if isinstance(feature, NestedFeature):
        return f"{feature.name}: {field!r} is inside of the nested {inside!r}; add `nested: {inside}`"
    return f"{feature.name}: {field!r} is inside of the nested {inside!r}, which a {feature.kind} does not reach"


def _vector_problems(
    location: str, name: str, query: str, field: str, vectors: Sequence[VectorField]
) -> Iterator[Problem]:
    by_parameter = {one.parameter: one for one in query_fields(vectors)}
    by_field = {one.name: one for one in vectors}
    known = ", ".join(sorted(by_parameter)) or "none"
    if query not in by_parameter:
        yield Problem(
            f"{location}.query_vector",
            f"{name}: queries have no vector {query!r}; the encoders of this index make: {known}",
        )
    elif field in by_field and by_parameter[query].fingerprint != by_field[field].fingerprint:
        encoders = f"{query!r} is made by {by_parameter[query].encoder}, {field!r} by {by_field[field].encoder}"
        yield Problem(f"{location}.field", f"vectors of two spaces cannot be compared: {encoders}")


def field_type(mapping: Mapping[str, Any], path: str) -> str | None:
    """The type of a field, sub-field or object member by its dotted path; None when the mapping does not have it."""
    node: Mapping[str, Any] = mapping
    for name in path.split("."):
        node = {**node.get("properties", {}), **node.get("fields", {})}.get(name, {})
        if not node:
            return None
    return str(node["type"]) if "type" in node else None


def _field_names(mapping: Mapping[str, Any]) -> str:
    return ", ".join(sorted(name for name in mapping["properties"] if name not in ("content_hash", "embedding")))
