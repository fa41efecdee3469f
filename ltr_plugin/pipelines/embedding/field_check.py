"""Whether a vector field of a shop's own index can be filled: what the index must have, said before any write."""

import json
from collections.abc import Mapping
from typing import Any

from ltr_plugin.catalog.values import paths_above
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index, get_index
from ltr_plugin.cluster.managed.mapping import is_managed
from ltr_plugin.errors import InputError
from ltr_plugin.profile.check import product_problems, vector_problems
from ltr_plugin.profile.index_fields import OBJECT, UNMAPPED, IndexField, index_fields

SAMPLE = 20
"""Documents that are read for fields that the mapping does not have, such as those of photos."""


def vector_field_of(index: Index, name: str) -> VectorField:
    """The vector field of this name in an index's profile.

    InputError where there is none, and for an index that this library made: its workers fill all of its fields.
    """
    if is_managed(index.alias, index.mapping.get("_meta", {})):
        reason = f"is for an index of your own; `ltr index embed {index.alias}` makes all vectors of this one"
        raise InputError("--field", reason)
    found = next((vector for vector in index.vectors if vector.name == name), None)
    if found is None:
        known = ", ".join(vector.name for vector in index.vectors) or "none"
        reason = f"its profile has no vector field {name!r} (it has: {known}); state it under `vectors`, with `source`"
        raise InputError(f"index {index.alias}", f"{reason} and `encoder`")
    return found


def check_vector_field(index: Index, vector: VectorField, *, missing_allowed: bool = False) -> bool:
    """Whether the mapping has the field; without it InputError, which says what to add, unless that is allowed.

    InputError, too, for a field of another type or dimension, for a profile whose fields of a product do not fit, for a
    data stream, for an index that takes no writes, and for one that does not keep the whole source of its documents:
    an update would lose the rest.
    """
    if vector.part:
        message = f"{vector.name!r} is made of {vector.part}, which products of an index of yours do not have here"
        raise InputError(f"profile of {index.alias}", f"{message}; fill it by a program of yours")
    _require_writable(index)
    body = {"size": SAMPLE, "_source": index.profile.part_fields}
    hits = index.cluster.call("POST", f"/{index.name}/_search", body)["hits"]["hits"]
    fields = index_fields(index.mapping, (hit.get("_source", {}) for hit in hits))
    found = fields.get(vector.name)
    mapped = found is not None and found.type != UNMAPPED
    problems = product_problems(index.profile, fields)
    if problems := [*problems, *(vector_problems(f"$.vectors.{vector.name}", vector, fields) if mapped else ())]:
        raise InputError(f"profile of {index.alias}", problems)
    option = index.cluster.engine.vector_element_option
    if mapped and found and (stored := str(found.options.get(option, "float")).lower()) != "float":
        raise InputError(f"index {index.alias}", f"{vector.name!r} holds vectors of {stored}, encoders make floats")
    if not mapped:
        _require_room(index, vector, fields)
    if not mapped and not missing_allowed:
        added = json.dumps(missing_mapping(index, vector))
        raise InputError(
            f"index {index.alias}",
            f"its mapping has no field {vector.name!r}; add it, or let --add-field add it:\n\n"
            f"PUT /{index.alias}/_mapping\n{added}\n",
        )
    return mapped


def add_vector_field(index: Index, vector: VectorField) -> None:
    """Adds the field to the mapping of an index. ClusterError when the cluster refuses it."""
    index.cluster.call("PUT", f"/{index.name}/_mapping", missing_mapping(index, vector))


def missing_mapping(index: Index, vector: VectorField) -> dict[str, Any]:
    """The body that adds the field to the mapping of an index: searched by an HNSW graph where the index allows it."""
    mapping = index.cluster.engine.added_vector_mapping(vector.fingerprint.dimension, index.settings)
    for step in reversed(vector.name.split(".")):
        mapping = {"properties": {step: mapping}}
    return mapping


def _require_room(index: Index, vector: VectorField, fields: Mapping[str, IndexField]) -> None:
    """InputError when the field would be inside of another one that is no plain object."""
    above = map(fields.get, paths_above(vector.name))
    if wrong := next((one for one in above if one and one.type not in (OBJECT, UNMAPPED)), None):
        reason = f"{vector.name!r} cannot be inside of {wrong.path!r}, which is of type {wrong.type}; name another"
        raise InputError(f"index {index.alias}", reason)


def _require_writable(index: Index) -> None:
    source = f"index {index.alias}"
    name, body = get_index(index.cluster, index.name)
    if stream := body.get("data_stream"):
        raise InputError(source, f"{name} belongs to the data stream {stream}, whose documents are not updated")
    blocks: Mapping[str, Any] = body["settings"]["index"].get("blocks", {})
    if blocked := [key for key in ("write", "read_only", "read_only_allow_delete") if blocks.get(key) == "true"]:
        raise InputError(source, f"it takes no writes: index.blocks.{blocked[0]} is true")
    stored: Mapping[str, Any] = index.mapping.get("_source", {})
    if stored.get("enabled") is False or stored.get("excludes") or stored.get("includes"):
        reason = "its mapping keeps no `_source`, or only a part of it: an update of one field would lose others"
        raise InputError(source, reason)
