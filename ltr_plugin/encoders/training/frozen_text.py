"""Text of products by an encoder that is not trained: each caption is encoded once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.progress import Progress, no_progress, stage_progress

CAPTIONS_PER_PRODUCT = 4
"""The indexed text, the title, and those made of category and attributes: more take longer and teach no more."""

E = TypeVar("E", bound=Examples)


def merge_same_text(examples: E) -> E:
    """The examples with products of the same text as one, the first of them: text cannot tell them apart.

    They are variants, or all that a shop says of its products is what kind they are of.
    """
    first: dict[tuple[str, ...], int] = {}
    products = [first.setdefault(own, index) if own else index for index, own in enumerate(examples.captions)]
    shows = tuple(tuple(dict.fromkeys(products[product] for product in shown)) for shown in examples.shows)
    return replace(examples, shows=shows)


def encode_captions(
    examples: E, encoder: Encoder, progress: Progress = no_progress
) -> tuple[E, dict[str, torch.Tensor]]:
    """The examples with the first CAPTIONS_PER_PRODUCT of each product, and the vector of each, and of an empty one."""
    few = tuple(own[:CAPTIONS_PER_PRODUCT] for own in examples.captions)
    captions = list(dict.fromkeys(["", *(caption for own in few for caption in own)]))
    vectors = _encode(encoder, captions, stage_progress(progress, "encoding captions"))
    return replace(examples, captions=few), dict(zip(captions, torch.from_numpy(vectors), strict=True))


def product_texts(encoder: Encoder, products: Sequence[Product], progress: Progress = no_progress) -> Vectors:
    """The vectors of the text of products, float32 (products, dimension)."""
    texts = [product.embedding_text() for product in products]
    return _encode(encoder, texts, stage_progress(progress, "encoding products"))


def _encode(encoder: Encoder, texts: Sequence[str], progress: Progress) -> Vectors:
    vectors, done = np.empty((len(texts), encoder.fingerprint.dimension), np.float32), 0
    progress(0, len(texts))
    for positions, part in encoder.encode_in_parts("text", [encoder.prepare("text", text) for text in texts]):
        vectors[positions] = part
        done += len(positions)
        progress(done, len(texts))
    return vectors
