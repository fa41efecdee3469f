"""Settings and mapping of an index: text with and without stemming, exact fields, vectors and their metadata."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import MODALITIES
from ltr_plugin.catalog.schema import SCHEMA_KEYS, VARIANTS, CatalogSchema, DeclaredField
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import InputError

LAYOUT_VERSION = 3
"""Version of the layout of an index and of what its `_meta` says; an index of another version is refused."""

MAX_ERROR_LENGTH = 1024
"""Characters of an error: a longer one would be stored, but not found by a search."""

MAX_ATTRIBUTE_BYTES = 32_000
"""Bytes of an attribute's name and value in `attributes`. Lucene takes 32,766 for the path to a value and the value."""

LONG_ATTRIBUTES = "long_attributes"
"""The field, stored and not indexed, of attributes that are longer."""

TEXT_FIELDS = ("title", "description", "brand", "model", "category", "attribute_text", "review_text")

NO_SCHEMA = CatalogSchema()

MAX_QUERY_WORDS = 32
"""Words after which the cluster cuts a text that is searched for, whoever sends it: each word makes clauses."""


def _analyzer(*filters: str) -> dict[str, Any]:
    return {"tokenizer": "standard", "filter": ["lowercase", "asciifolding", *filters]}


_ANALYSIS = {
    "filter": {"possessive": {"type": "stemmer", "language": "possessive_english"},
               "stem": {"type": "stemmer", "language": "english"},
               "first_words": {"type": "limit", "max_token_count": MAX_QUERY_WORDS}},
    "analyzer": {"unstemmed": _analyzer(), "stemmed": _analyzer("possessive", "stem"),
                 "unstemmed_query": _analyzer("first_words"),
                 "stemmed_query": _analyzer("possessive", "stem", "first_words")},
    "normalizer": {"folded": {"filter": ["lowercase", "asciifolding"]}},
}  # fmt: skip


def index_body(
    vectors: Sequence[VectorField],
    media_root: Path,
    *,
    schema: CatalogSchema = NO_SCHEMA,
    shards: int = 1,
) -> dict[str, Any]:
    """The body that creates an index for products with these declared and vector fields.

    Dynamic mapping is off, so LONG_ATTRIBUTES is only stored; it is on for the numbers under `stats`, which each shop
    names as it likes. Attributes are one `flat_object` (a real catalog has thousands of keys) and one text field, which
    has those of variants too.
    `_meta` has what `managed_profile` reads.
    """
    return {
        "settings": {"index": {"knn": True, "number_of_shards": shards, "analysis": _ANALYSIS}},
        "mappings": {
            "dynamic": False,
            "_meta": {
                "layout_version": LAYOUT_VERSION,
                "media_root": str(media_root.resolve()),
                "vectors": [vector.to_meta() for vector in vectors],
                "schema": schema_meta(schema),
            },
            "dynamic_templates": [{"stats": {"path_match": "stats.*", "mapping": {"type": "float"}}}],
            "properties": {
                "id": {"type": "keyword"},
                **{name: _text() for name in TEXT_FIELDS},
                "price": {"type": "double"},
                "currency": {"type": "keyword"},
                "released": {"type": "date"},
                "ean": {"type": "keyword"},
                "attributes": {"type": "flat_object"},
                **_declared(schema.declared()),
                **_nested(schema),
                "reviews": {"type": "object", "enabled": False},
                "review_count": {"type": "integer"},
                "review_rating": {"type": "float"},
                **{name: _stored_only() for name in ("images", "shown_images", "audio", "video")},
                "stats": {"type": "object", "dynamic": True},
                "content_hash": {"properties": {name: {"type": "keyword"} for name in (*MODALITIES, "reviews")}},
                "embedding": {"properties": {vector.name: _embedding_metadata() for vector in vectors}},
                **{vector.name: vector_mapping(vector) for vector in vectors},
                "per_media": {"properties": {vector.name: _per_media(vector) for vector in vectors if vector.several}},
            },
        },
    }


def schema_meta(schema: CatalogSchema) -> dict[str, Any]:
    """What `_meta` says of a schema: the keys that have another value than the default."""
    return schema.model_dump(mode="json", include=set(SCHEMA_KEYS), exclude_defaults=True)


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


def _declared(fields: Iterable[DeclaredField]) -> dict[str, Any]:
    """The mapping of declared fields by key. A keyword can be searched for words, too, in its sub-field `text`."""
    types: dict[str, dict[str, Any]] = {
        "keyword": {"type": "keyword", "fields": {"text": _analyzed("stemmed")}},
        "text": _text(),
        "number": {"type": "double"},
        "date": {"type": "date"},
        "boolean": {"type": "boolean"},
    }
    return {one.key: types[one.type] for one in fields}


def _nested(schema: CatalogSchema) -> dict[str, Any]:
    """The mapping of variants and of the declared nested fields."""
    variant = {
        "id": {"type": "keyword"},
        "price": {"type": "double"},
        "ean": {"type": "keyword"},
        "attributes": {"type": "object", "enabled": False},
    }
    objects = {VARIANTS: variant} | {
        one.path: {one.key: {"type": "keyword"}} if one.key else {} for one in schema.nested
    }
    return {
        path: {"type": "nested", "properties": {**members, **_declared(schema.declared(path))}}
        for path, members in objects.items()
    }


def _text() -> dict[str, Any]:
    return {
        **_analyzed("unstemmed"),
        "fields": {
            "stem": _analyzed("stemmed"),
            "exact": {"type": "keyword", "normalizer": "folded", "ignore_above": 256},
            "keyword": {"type": "keyword", "ignore_above": 256},
        },
    }


def _analyzed(analyzer: str) -> dict[str, Any]:
    return {"type": "text", "analyzer": analyzer, "search_analyzer": f"{analyzer}_query"}


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


def vector_mapping(vector: VectorField) -> dict[str, Any]:
    """The mapping of a vector field, searched by an HNSW graph."""
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    return {"type": "knn_vector", "dimension": vector.fingerprint.dimension, "method": method}


def _per_media(vector: VectorField) -> dict[str, Any]:
    return {"type": "nested", "properties": {"vector": vector_mapping(vector)}}
