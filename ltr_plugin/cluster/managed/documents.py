"""The document of a product in an index: what is written of it, and read back."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import Content, Product, read_leniently
from ltr_plugin.catalog.references import public_reference
from ltr_plugin.catalog.reviews import Review, mean_rating, searched_text
from ltr_plugin.catalog.schema import VARIANTS, CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.managed.mapping import LONG_ATTRIBUTES, MAX_ATTRIBUTE_BYTES, NO_SCHEMA
from ltr_plugin.cluster.responses import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = Sequence[float] | NDArray[np.float32]


@dataclass(frozen=True)
class StoredProduct:
    """A product as the index has it.

    `content_hash` has a hash for all content that can be embedded (see `scripts`), `embedding` the metadata of each
    vector field: the `fingerprint` of its encoder, the `content_hash` it was made from, and perhaps an `error`.
    """

    product: Product
    content_hash: Mapping[Content, str]
    embedding: Mapping[str, Mapping[str, str]]

    def pending(self, vectors: Iterable[VectorField]) -> list[VectorField]:
        """The vector fields that the product lacks, or that older content or another encoder made."""
        return [
            vector
            for vector in vectors
            if vector.content in self.content_hash and not self._is_current(vector, self.embedding.get(vector.name, {}))
        ]

    def attempts(self, vectors: Iterable[VectorField]) -> int:
        """How often these vectors were begun in tasks that were delivered again, because a worker died (or stopped)."""
        return max((int(self.embedding.get(vector.name, {}).get("attempts", 0)) for vector in vectors), default=0)

    def _is_current(self, vector: VectorField, metadata: Mapping[str, str]) -> bool:
        made_from = metadata.get("fingerprint"), metadata.get("content_hash")
        return made_from == (vector.fingerprint.digest, self.content_hash[vector.content])


@dataclass(frozen=True)
class EmbeddingResult:
    """The embedding of one product for one vector field: a vector, or the error that prevented it.

    `content_hash` is the hash of what was encoded; the index drops the result if the product has changed meanwhile. If
    the product has several images (or audio clips, videos, reviews), `per_media` has their vectors, and `vector` is the
    unit vector of their mean.

    With `unavailable`, the reason why media cannot be read now, or `attempts`, the product stays in the backlog, with a
    vector of the media that could be read, if any, else with the one that it has.
    """

    id: str
    field: VectorField
    content_hash: str
    vector: "Vector | None" = None
    error: str | None = None
    per_media: tuple["Vector", ...] = ()
    unavailable: str | None = None
    attempts: int = 0

    def metadata(self) -> dict[str, Any]:
        """What the product's `embedding` says of the field; without `fingerprint` it stays in the backlog."""
        stated = {"content_hash": self.content_hash}
        if self.attempts:
            return {**stated, "attempts": self.attempts}
        if self.unavailable:
            return {**stated, "unavailable": self.unavailable, "tried_at": round(1000 * time.time())}
        return {**stated, "fingerprint": self.field.fingerprint.digest, **({"error": self.error} if self.error else {})}


def stored_product(source: Mapping[str, Any], product_type: type[Product] = Product) -> StoredProduct:
    """The product of a document's `_source`; `product_type` is that of its index.

    A value that today's rules refuse, but those at the time of writing did not, is left out.
    """
    product = read_leniently(product_fields(source, product_type), product_type)
    return StoredProduct(product, source["content_hash"], source.get("embedding", {}))


def product_fields(source: Mapping[str, Any], product_type: type[Product] = Product) -> dict[str, Any]:
    """The product in a document's `_source`, as it was written: JSON that no rule has checked again."""
    known = _field_names(product_type)
    fields = {name: value for name, value in source.items() if name in known}
    if long := source.get(LONG_ATTRIBUTES):
        fields["attributes"] = {**fields.get("attributes", {}), **long}
    return fields


@lru_cache(maxsize=64)
def _field_names(product_type: type[Product]) -> frozenset[str]:
    return frozenset(product_type.model_fields)  # slow, and needed for every product


def product_document(product: Product, schema: CatalogSchema = NO_SCHEMA) -> dict[str, Any]:
    """The document of a product of an index with this schema.

    Attributes that the index's field of exact values cannot hold are put into a field that is only stored; their words
    are found by `attribute_text` all the same.
    """
    document = product.model_dump(mode="json", exclude_defaults=True)
    attributes = document.get("attributes", {})
    if long := {name: value for name, value in attributes.items() if _is_only_stored(name, value)}:
        document["attributes"] = {name: value for name, value in attributes.items() if name not in long}
        document[LONG_ATTRIBUTES] = long
    if product.images:
        document["shown_images"] = [*map(public_reference, product.images)]
    keywords = [one.key for one in schema.declared() if one.type == "keyword"]
    of_variants = [one.key for one in schema.declared(VARIANTS) if one.type == "keyword"]
    declared = [_members(document, keywords)]
    declared += [_members(one, of_variants) for one in document.get(VARIANTS, ()) if of_variants]
    return {**document, "attribute_text": product.attribute_text(*declared), **_review_fields(product.reviews)}


def _members(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}


def _review_fields(reviews: Sequence[Review]) -> dict[str, Any]:
    """What is searched and sorted by of reviews, beside them; nothing without reviews."""
    fields = {
        "review_text": searched_text(reviews) or None,
        "review_count": len(reviews) or None,
        "review_rating": mean_rating(reviews),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _is_only_stored(name: str, value: Json) -> bool:
    texts = [text for text in (value if isinstance(value, list) else (value,)) if isinstance(text, str)]
    if "\0" in name or any("\0" in text for text in texts):  # which separates a key from its value in the index
        return True
    longest = max(map(len, texts), default=0)
    if 4 * (len(name) + longest) <= MAX_ATTRIBUTE_BYTES:  # a character has at most four bytes
        return False
    return any(len(f"{name}{text}".encode()) > MAX_ATTRIBUTE_BYTES for text in texts)


def script_params(results: Iterable[EmbeddingResult]) -> dict[str, Any]:
    """The parameters of the script that writes these vectors of one product."""
    return {
        one.field.name: {
            "source": one.field.content,
            "vector": one.vector,
            "per_media": [{"vector": own} for own in one.per_media],
            "metadata": one.metadata(),
        }
        for one in results
    }
