"""A feature set held against an index: every field there, of the right type, every vector of the right space."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.features.expressions import term_count
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived

_TYPES = {
    "text": {"text", "keyword", "match_only_text"},
    "number": {"double", "float", "half_float", "scaled_float", "long", "integer", "short", "byte", "unsigned_long"},
    "date": {"date", "date_nanos"},
    "vector": {"knn_vector"},
}


def check_fields(features: FeatureSet, mapping: Mapping[str, Any], vectors: Sequence[VectorField]) -> None:
    """Passes when the index can evaluate every feature; InputError with every reason why not.

    A number under `stats` that no product has yet is mapped when the first one brings it, so it may be absent.
    """
    found = list(_problems(features, mapping, {vector.name: vector for vector in vectors}))
    if found:
        raise InputError(f"feature set {features.id}", found)


def _problems(
    features: FeatureSet, mapping: Mapping[str, Any], vectors: Mapping[str, VectorField]
) -> Iterator[Problem]:
    for position, feature in enumerate(features.features):
        location = f"$.features[{position}]"
        for field, wanted in feature.required_fields().items():
            kind = field_type(mapping, field)
            if kind is None and not field.startswith("stats."):
                yield Problem(f"{location}.field", f"the index has no field {field!r}; it has {_known(mapping)}")
            elif kind is not None and kind not in _TYPES[wanted]:
                yield Problem(
                    f"{location}.field", f"{field!r} is of type {kind}, and a {feature.name!r} needs a {wanted}"
                )
        for query, field in feature.required_vectors().items():
            yield from _vector_problems(location, query, field, vectors)
        if isinstance(feature, Derived) and term_count(feature.expression) > Derived.MAX_TERMS:
            yield Problem(f"{location}.expression", f"more than {Derived.MAX_TERMS} terms would bring the node down")


def _vector_problems(location: str, query: str, field: str, vectors: Mapping[str, VectorField]) -> Iterator[Problem]:
    known = ", ".join(sorted(vectors)) or "none"
    if query not in vectors:
        yield Problem(
            f"{location}.query_vector", f"queries have no vector {query!r}; this index's encoders make: {known}"
        )
    elif field in vectors and vectors[query].fingerprint != vectors[field].fingerprint:
        spaces = f"{query!r} is of {vectors[query].encoder}, {field!r} of {vectors[field].encoder}"
        yield Problem(f"{location}.field", f"two spaces never mix: {spaces}")


def field_type(mapping: Mapping[str, Any], path: str) -> str | None:
    """The type of a field (sub-fields and object members by dotted path), or None when the mapping lacks it."""
    node: Mapping[str, Any] = mapping
    for step in path.split("."):
        node = {**node.get("properties", {}), **node.get("fields", {})}.get(step, {})
        if not node:
            return None
    return str(node["type"]) if "type" in node else None


def _known(mapping: Mapping[str, Any]) -> str:
    return ", ".join(sorted(name for name in mapping["properties"] if name not in ("content_hash", "embedding")))
