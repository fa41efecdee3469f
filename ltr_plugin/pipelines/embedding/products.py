"""Products encoded in batches: the vectors of their items (a text, or media) pooled into one for each vector field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.reviews import encoded_texts
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.encoders.protocol import Encoder, ProductVectors
from ltr_plugin.errors import MediaUnavailableError
from ltr_plugin.pipelines.embedding.error_summary import summarize
from ltr_plugin.pipelines.embedding.items import EncoderTimes, ItemResult, encode_items


class HasProduct(Protocol):
    """What is encoded: anything with a product."""

    @property
    def product(self) -> Product:
        """The product."""
        ...


DocumentT = TypeVar("DocumentT", bound=HasProduct)


@dataclass(frozen=True)
class EncodedProduct:
    """What came of the items of one product for one vector field.

    `vector` (dimension,) is the unit vector of the mean of the items that could be encoded; `per_media` has the vector
    of each where there are several. `error` says what is wrong with items for good, `unavailable` why media cannot be
    read now.
    """

    vector: NDArray[np.float32] | None = None
    error: str | None = None
    per_media: tuple[NDArray[np.float32], ...] = ()
    unavailable: str | None = None


def encode_products(
    products: Sequence[tuple[DocumentT, Sequence[VectorField]]],
    source: Modality,
    encoders: Callable[[VectorField], Encoder],
    roots: MediaRoots,
    times: EncoderTimes,
) -> Iterator[list[tuple[DocumentT, VectorField, EncodedProduct]]]:
    """One result for each product and each of its fields, all of which are made of the modality `source`.

    A product's results come as soon as all its items are encoded, several products' together. EncoderError when an
    encoder is not the one of its field. `times` is added to.
    """
    wanted: dict[VectorField, set[str]] = {}
    owners: dict[str, str] = {}
    waiting = [
        (document, {field: _items(document.product, field) for field in fields}) for document, fields in products
    ]
    for document, items in waiting:
        for vector, own in items.items():
            wanted.setdefault(vector, set()).update(own)
            for item in own:
                owners.setdefault(item, document.product.id)
    loaded = {vector: encoders(vector) for vector in wanted}
    for encoded in encode_items(loaded, wanted, source, owners, roots, times):
        complete: list[tuple[DocumentT, VectorField, EncodedProduct]] = []
        incomplete = []
        for document, items in waiting:
            if all(item in encoded[vector] for vector, own in items.items() for item in own):
                complete += [
                    (document, vector, _pool(document.product, vector, own, encoded[vector], loaded[vector]))
                    for vector, own in items.items()
                ]
            else:
                incomplete.append((document, items))
        waiting = incomplete
        if complete:
            yield complete


def _pool(
    product: Product, vector: VectorField, items: Sequence[str], encoded: Mapping[str, ItemResult], encoder: Encoder
) -> EncodedProduct:
    results = [encoded[item] for item in items]
    good = [result for result in results if isinstance(result, np.ndarray)]
    # the vector that an encoder learned for a product, if it learns any (see `ProductVectors`)
    learned = encoder.product_vectors.get(product.id) if isinstance(encoder, ProductVectors) else None
    if good and learned is not None and vector.source != "text":
        good.append(learned)
    pooled = _pooled(good)
    # one good photo is enough to find the product; its bad photos are listed all the same
    bad = summarize(result for result in results if isinstance(result, str))
    error = bad or ("its vectors cancel out" if good and pooled is None else None)
    per_media = tuple(good) if pooled is not None and len(good) > 1 else ()
    unavailable = summarize(str(result) for result in results if isinstance(result, MediaUnavailableError))
    return EncodedProduct(pooled, error, per_media, unavailable or None)


def _items(product: Product, vector: VectorField) -> tuple[str, ...]:
    if vector.part == "reviews":
        return encoded_texts(product.reviews)
    return (product.embedding_text(),) if vector.source == "text" else product.media(vector.source)


def _pooled(vectors: Sequence["np.ndarray[Any, Any]"]) -> NDArray[np.float32] | None:
    """The mean direction of unit vectors; None when there is none, or they cancel out."""
    if not vectors:
        return None
    if len(vectors) == 1:
        return vectors[0]
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length > 1e-6 else None
