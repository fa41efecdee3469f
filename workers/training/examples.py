"""What an encoder learns from: products' photos in memory, and the ways their text can be put."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import MediaError
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.progress import Progress
from ltr_plugin.queries.query import Query
from workers.media.images import open_image
from workers.training.cutout import cutout

SAME_PRODUCT = 3
"""The grade from which a query photo counts as a photo of the product."""


@dataclass(frozen=True)
class Source:
    """A photo to learn from: where it is, and the products (by their place) that it shows."""

    root: Path
    reference: str
    shows: tuple[int, ...]


@dataclass(frozen=True)
class Examples:
    """Photos with what they show, and products with what can be said of them.

    `photos` is (n, 3, side, side) uint8 and `cutouts` (n, side, side) uint8, see `cutout`. `shows[i]` are the products
    on photo i, `extra[i]` whether it comes from a judgment rather than the catalog, `captions[p]` the texts of product
    p. `bad` says which photos fell out, and why.
    """

    photos: torch.Tensor
    cutouts: torch.Tensor
    shows: tuple[tuple[int, ...], ...]
    extra: tuple[bool, ...]
    captions: tuple[tuple[str, ...], ...]
    bad: tuple[str, ...]


def read_examples(
    products: Sequence[Product], root: Path, extra: Sequence[Source], side: int, progress: Progress
) -> Examples:
    """Every usable photo of the catalog, then the `extra` ones, as squares of `side` pixels."""
    own = [Source(root, name, (place,)) for place, product in enumerate(products) for name in product.images]
    sources = [*own, *extra]
    photos = np.empty((len(sources), 4, side, side), np.uint8)
    kept: list[int] = []
    bad: list[str] = []

    def read(source: Source) -> NDArray[np.uint8] | MediaError:
        try:
            pixels = np.asarray(open_image(source.root, source.reference, side=side).resize((side, side)))
            return np.concatenate([pixels.transpose(2, 0, 1), cutout(pixels)[None]])
        except MediaError as error:
            return MediaError(f"{source.reference}: {error}")

    with ThreadPoolExecutor() as pool:
        for done, pixels in enumerate(pool.map(read, sources), start=1):
            if isinstance(pixels, MediaError):
                bad.append(str(pixels))
            else:
                photos[len(kept)] = pixels
                kept.append(done - 1)
            progress(done, len(sources))
    return Examples(
        torch.from_numpy(photos[: len(kept), :3]),
        torch.from_numpy(photos[: len(kept), 3]),
        tuple(sources[place].shows for place in kept),
        tuple(place >= len(own) for place in kept),
        tuple(tuple(captions(product)) for product in products),
        tuple(bad),
    )


def judged_photos(queries: Iterable[Query], root: Path, qrels: Qrels, products: Sequence[Product]) -> list[Source]:
    """The photos of photo queries whose product is known from a judgment."""
    places = {product.id: place for place, product in enumerate(products)}
    found = []
    for query in queries:
        shown = [places[id_] for id_, grade in qrels.of(query.id).items() if grade >= SAME_PRODUCT and id_ in places]
        if query.image and not query.text and shown:
            found.append(Source(root, query.image, tuple(shown)))
    return found


def captions(product: Product) -> list[str]:
    """The ways to put a product in words: as it is indexed, and in parts, as shoppers would ask for it."""
    sentences = [part.strip() for part in product.description.replace("\n", ". ").split(". ") if part.strip()]
    attributes = product.attribute_text().replace("\n", ", ")
    last = product.category[-1] if product.category else ""
    ways = [
        product.embedding_text(),
        product.title,
        f"{product.title} {last}",
        f"{last} {attributes}",
        " ".join(filter(None, [product.brand, last, *sentences[:1]])),
        *sentences[:3],
    ]
    return list(dict.fromkeys(way.strip() for way in ways if way.strip()))


def vary(caption: str, chance: random.Random) -> str:
    """The caption with a few words left out, and sometimes in another order."""
    words = [word for word in caption.split() if chance.random() > 0.15] or [caption]
    if chance.random() < 0.2:
        chance.shuffle(words)
    return " ".join(words)


def photo_counts(examples: Examples) -> Counter[int]:
    """How many photos show each product."""
    return Counter(place for shown in examples.shows for place in shown)
