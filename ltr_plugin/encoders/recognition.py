"""Which encoder made vectors that are already there: the one whose own vectors of the same texts are like them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.registry import list_libraries, load_encoder
from ltr_plugin.errors import EncoderError

RECOGNIZED = 0.9
"""Median cosine above which an encoder counts as the one that made the vectors."""

Sample = Sequence[tuple[Product, Sequence[float]]]
"""Products with the vectors that are there."""


@dataclass(frozen=True)
class Likeness:
    """How like the vectors that are there are those that an encoder makes of a text of the products.

    `text` says which one, in words; `cosine` is the median over `products`.
    """

    encoder: str
    text: str
    cosine: float
    products: int

    def __str__(self) -> str:
        return (
            f"of {self.text}, {self.encoder} makes vectors of a median cosine of {self.cosine:.3f} with those in the "
            f"index ({self.products} products)"
        )


def likeness(spec: str, encoder: Encoder, sample: Sample) -> Likeness | None:
    """The likeness by the text that fits best: the title, title and description, or all that we encode ourselves.

    None where no product has a title, or no vector has the encoder's dimension.
    """
    dimension = encoder.fingerprint.dimension
    pairs = [(product, vector) for product, vector in sample if product.title and len(vector) == dimension]
    if not pairs:
        return None
    stored = np.array([row for _, row in pairs], np.float32)
    stored /= np.maximum(np.linalg.norm(stored, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    found = [
        Likeness(spec, name, float(np.median((_encode(encoder, texts) * stored).sum(axis=1))), len(pairs))
        for name, texts in _texts([product for product, _ in pairs])
    ]
    return max(found, key=lambda one: one.cosine)


def recognize(sample: Sample) -> Likeness | None:
    """The bundled text encoder that is installed and most like these vectors; None where none has their dimension."""
    found: list[Likeness] = []
    for spec in _bundled_text_encoders():
        try:
            one = likeness(spec, load_encoder(spec), sample)
        except EncoderError:  # one that cannot be loaded here is no answer
            continue
        found += [one] if one else []
    return max(found, key=lambda one: one.cosine, default=None)


def _bundled_text_encoders() -> Iterator[str]:
    for library in list_libraries():
        if "text" in library.modalities:
            yield from (f"{library.name}:{one.model}" for one in library.bundled if one.installed)


def _texts(products: Sequence[Product]) -> Iterator[tuple[str, list[str]]]:
    """The texts that products may have been encoded by, with what each is; one like an earlier one is left out."""
    forms: Mapping[str, list[str]] = {
        "the title": [one.title for one in products],
        "title and description": [". ".join(filter(None, (one.title, one.description))) for one in products],
        "title, brand, category and description": [one.embedding_text() for one in products],
    }
    seen: list[list[str]] = []
    for name, texts in forms.items():
        if texts not in seen:
            seen.append(texts)
            yield name, texts


def _encode(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    vectors: NDArray[np.float32] = encoder.encode("text", [encoder.prepare("text", text) for text in texts])
    return vectors
