"""Settings and mapping of an index: text with and without stemming, exact fields, vectors and their metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import MODALITIES
from ltr_plugin.catalog.schema import SCHEMA_KEYS, VARIANTS, CatalogSchema, NestedField
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.managed.analysis import (
    NO_CHOICES,
    AnalysisChoices,
    analysis_settings,
    stemmed_mapping,
    text_mapping,
    with_phrase_analyzers,
)
from ltr_plugin.engines import Engine
from ltr_plugin.errors import InputError

LAYOUT_VERSION = 3
"""Version of the layout of an index and of what its `_meta` says; an index of another version is refused."""

MAX_ERROR_LENGTH = 1024
"""Characters of an error: a longer one would be stored, but not found by a search."""

MAX_ATTRIBUTE_BYTES = 32_000
"""Bytes of an attribute's name and value in `attributes`. Lucene takes 32,766 for the path to a value and the value."""

LONG_ATTRIBUTES = "long_attributes"
"""The field, stored and not indexed, of attributes that are longer, or have a character of code 0."""

TEXT_FIELDS = ("title", "description", "brand", "model", "category", "attribute_text", "review_text")

PLUGINS_KEY = "analysis_plugins"
"""The key of `_meta` that has the plugins of the cluster which the analyzers use."""

NO_SCHEMA = CatalogSchema()


def index_body(
    engine: Engine,
    vectors: Sequence[VectorField],
    media_root: Path,
    *,
    schema: CatalogSchema = NO_SCHEMA,
    choices: AnalysisChoices = NO_CHOICES,
    shards: int = 1,
) -> dict[str, Any]:
    """The body that creates an index of this search engine for products with these declared and vector fields.

    Dynamic mapping is off, so LONG_ATTRIBUTES is only stored; it is on for the numbers under `stats`, which each shop
    names as it likes. Attributes are one field (a real catalog has thousands of keys) and one text field, which
    has those of variants too.
    `_meta` has what `managed_profile` reads.
    """
    body: dict[str, Any] = {
        "settings": {
            "index": {
                **engine.index_settings,
                "number_of_shards": shards,
                "analysis": analysis_settings(schema, choices),
            }
        },
        "mappings": {
            "dynamic": False,
            "_meta": {
                "layout_version": LAYOUT_VERSION,
                "media_root": str(media_root.resolve()),
                "vectors": [vector.to_meta() for vector in vectors],
                "schema": schema_meta(schema),
                **({PLUGINS_KEY: sorted(choices.plugins)} if choices.plugins else {}),
            },
            "dynamic_templates": [{"stats": {"path_match": "stats.*", "mapping": {"type": "float"}}}],
            "properties": {
                "id": {"type": "keyword"},
                **{name: text_mapping(schema, name) for name in TEXT_FIELDS},
                "price": {"type": "double"},
                "currency": {"type": "keyword"},
                "released": {"type": "date"},
                "ean": {"type": "keyword"},
                "attributes": {"type": engine.whole_object_type},
                **_declared(schema, None),
                **_nested(schema),
                "reviews": {"type": "object", "enabled": False},
                "review_count": {"type": "integer"},
                "review_rating": {"type": "float"},
                **{name: _stored_only() for name in ("images", "shown_images", "audio", "video")},
                "stats": {"type": "object", "dynamic": True},
                "content_hash": {"properties": {name: {"type": "keyword"} for name in (*MODALITIES, "reviews")}},
                "embedding": {"properties": {vector.name: _embedding_metadata() for vector in vectors}},
                **{vector.name: engine.vector_mapping(vector.fingerprint.dimension) for vector in vectors},
                "per_media": {
                    "properties": {vector.name: _per_media(engine, vector) for vector in vectors if vector.several}
                },
            },
        },
    }
    if schema.analysis.synonyms:
        body["mappings"] = with_phrase_analyzers(body["mappings"])
    return body


def text_fields(schema: CatalogSchema) -> list[str]:
    """The fields with words of an index with this schema."""
    return [*TEXT_FIELDS, *(one.name for one in schema.fields if one.type in ("text", "keyword"))]


def schema_meta(schema: CatalogSchema, *, synonyms: bool = True) -> dict[str, Any]:
    """What `_meta` says of a schema: the keys that have another value than the default; without `synonyms`, which
    change while an index stays the same, all else. Variants without a key are no value: all indices have them.

    The cluster sorts the keys of `_meta`, so `languages`, of which the first is the default, are pairs.
    """
    stated: dict[str, Any] = {"nested": tuple(one for one in schema.nested if one != NestedField(path=VARIANTS))}
    if not synonyms:
        stated["analysis"] = schema.analysis.model_copy(update={"synonyms": ()})
    meta = schema.model_copy(update=stated).model_dump(mode="json", include=set(SCHEMA_KEYS), exclude_defaults=True)
    languages = [list(one) for one in schema.languages.items()]
    return {**meta, "languages": languages} if languages else meta


def is_managed(name: str, meta: Mapping[str, Any]) -> bool:
    """Whether this library made the index of this name; InputError when an earlier version of it did."""
    version = meta.get("layout_version")
    if version is None and {"format", "vectors"} <= meta.keys():
        raise InputError(f"index {name}", "it was made by ltr 0.1; index the catalog again with `ltr catalog put`")
    if version not in (None, LAYOUT_VERSION):
        raise InputError(
            f"index {name}",
            f"its layout has version {version!r}, not {LAYOUT_VERSION}; index the catalog again with `ltr catalog put`",
        )
    return version is not None


def is_made_here(meta: Mapping[str, Any]) -> bool:
    """Whether this library made the index with this `_meta`, in this version or in an earlier one."""
    return "layout_version" in meta or {"format", "vectors"} <= meta.keys()


def require_managed(name: str, meta: Mapping[str, Any]) -> None:
    """InputError unless this library made the index, in this version."""
    if not is_managed(name, meta):
        raise InputError(
            f"index {name}",
            "it was not made by `ltr index create`, and is only read, but for a vector field that `ltr index embed "
            f"{name} --field` names; choose another index to write to",
        )


def _declared(schema: CatalogSchema, parent: str | None) -> dict[str, Any]:
    """The mapping of declared fields by key. A keyword can be searched for words, too, in its sub-field `text`."""
    types: dict[str, dict[str, Any]] = {
        "number": {"type": "double"},
        "date": {"type": "date"},
        "boolean": {"type": "boolean"},
    }
    mapped = {}
    for one in schema.declared(parent):
        if one.type == "text":
            mapped[one.key] = text_mapping(schema, one.name)
        elif one.type == "keyword":
            mapped[one.key] = {"type": "keyword", "fields": {"text": stemmed_mapping(schema, one.name)}}
        else:
            mapped[one.key] = types[one.type]
    return mapped


def _nested(schema: CatalogSchema) -> dict[str, Any]:
    """The mapping of variants and of the declared nested fields."""
    variant: dict[str, Any] = {
        "id": {"type": "keyword"},
        "price": {"type": "double"},
        "ean": {"type": "keyword"},
        "attributes": {"type": "object", "enabled": False},
    }
    keys: dict[str, dict[str, Any]] = {
        one.path: {one.key: {"type": "keyword"}} if one.key else {} for one in schema.nested
    }
    objects = {**keys, VARIANTS: {**keys.get(VARIANTS, {}), **variant}}
    return {
        path: {"type": "nested", "properties": {**members, **_declared(schema, path)}}
        for path, members in objects.items()
    }


def _stored_only() -> dict[str, Any]:
    return {"type": "keyword", "index": False, "doc_values": False}


def _embedding_metadata() -> dict[str, Any]:
    return {
        "properties": {
            "fingerprint": {"type": "keyword"},
            "content_hash": {"type": "keyword"},
            "error": {"type": "keyword", "ignore_above": MAX_ERROR_LENGTH},
            "unavailable": _stored_only(),
            "tried_at": {"type": "date", "format": "epoch_millis"},
            "attempts": {"type": "integer", "index": False, "doc_values": False},
        }
    }


def _per_media(engine: Engine, vector: VectorField) -> dict[str, Any]:
    return {"type": "nested", "properties": {"vector": engine.vector_mapping(vector.fingerprint.dimension)}}
