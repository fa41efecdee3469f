"""Settings and mapping of an index: text with and without stemming, exact fields, vectors and their metadata."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import MODALITIES
from ltr_plugin.catalog.profile import LAYOUT_VERSION
from ltr_plugin.catalog.vectors import VectorField

MAX_ERROR_LENGTH = 1024
"""Characters of an error: a longer one would be stored, but not found by a search."""

TEXT_FIELDS = ("title", "description", "brand", "model", "category", "attribute_text")

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


def index_body(vectors: Sequence[VectorField], media_root: Path, *, shards: int = 1) -> dict[str, Any]:
    """The body that creates an index for products with these vector fields.

    Dynamic mapping is off, except for the numbers under `stats`, which each shop names as it likes. Attributes are one
    `flat_object` (a real catalog has thousands of keys) and one text field. `_meta` has what `IndexProfile` reads.
    """
    return {
        "settings": {"index": {"knn": True, "number_of_shards": shards, "analysis": _ANALYSIS}},
        "mappings": {
            "dynamic": False,
            "_meta": {
                "layout_version": LAYOUT_VERSION,
                "media_root": str(media_root.resolve()),
                "vectors": [vector.to_meta() for vector in vectors],
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
                **{name: _stored_only() for name in ("images", "audio", "video")},
                "stats": {"type": "object", "dynamic": True},
                "content_hash": {"properties": {modality: {"type": "keyword"} for modality in MODALITIES}},
                "embedding": {"properties": {vector.name: _embedding_metadata() for vector in vectors}},
                **{vector.name: _vector(vector) for vector in vectors},
                "per_media": {
                    "properties": {vector.name: _per_media(vector) for vector in vectors if vector.source != "text"}
                },
            },
        },
    }


def _text() -> dict[str, Any]:
    return {
        **_analyzed("unstemmed"),
        "fields": {
            "stem": _analyzed("stemmed"),
            "exact": {"type": "keyword", "normalizer": "folded", "ignore_above": 256},
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
        }
    }


def _vector(vector: VectorField) -> dict[str, Any]:
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    return {"type": "knn_vector", "dimension": vector.fingerprint.dimension, "method": method}


def _per_media(vector: VectorField) -> dict[str, Any]:
    return {"type": "nested", "properties": {"vector": _vector(vector)}}
