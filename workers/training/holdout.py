"""How good an encoder is on photos that it was not trained on."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from ltr_plugin.catalog.product import Product
from workers.encoders.openclip import OpenClipEncoder
from workers.training.examples import Examples, photo_counts

SHARE, MOST = 0.05, 500
FEWEST_PRODUCTS = 200
"""From this many products on, some are held out where no product has a second photo."""


@dataclass(frozen=True)
class Retrieval:
    """Shares of held-out photos whose product comes first, or among the first five; None where it cannot be asked.

    `text` looks for the product by its text, `photo` by the other photos that its catalog has of it.
    """

    photos: int
    text_at_1: float | None
    text_at_5: float | None
    photo_at_1: float | None
    photo_at_5: float | None

    def to_card(self) -> dict[str, float | int | None]:
        """The form kept beside the encoder."""
        return asdict(self)


def hold_out(examples: Examples, chance: random.Random) -> list[int]:
    """The places of photos to keep from training: one of twenty, of products that keep another photo; else, in a
    catalog that is large enough, the only photos of one product in twenty."""
    counts = photo_counts(examples)
    spare = [place for place, shown in enumerate(examples.shows) if all(counts[product] > 1 for product in shown)]
    chance.shuffle(spare)
    held: list[int] = []
    for place in spare:
        if len(held) >= min(MOST, SHARE * len(examples.shows)):
            break
        if all(counts[product] > 1 for product in examples.shows[place]):
            held.append(place)
            counts.subtract(examples.shows[place])
    if not held and len(counts) >= FEWEST_PRODUCTS:
        held = chance.sample(range(len(examples.shows)), min(MOST, int(SHARE * len(examples.shows))))
    return sorted(held)


def measure(
    encoder: OpenClipEncoder, examples: Examples, held: Sequence[int], products: Sequence[Product]
) -> Retrieval:
    """What the encoder finds for the held-out photos, among all products."""
    if not held:
        return Retrieval(0, None, None, None, None)
    catalog = [place for place in range(len(examples.shows)) if not examples.extra[place] and place not in set(held)]
    asked = _photos(encoder, examples, held)
    texts = encoder.encode("text", [encoder.prepare("text", product.embedding_text()) for product in products])
    by_text = asked @ texts.T
    by_photo = np.full((len(held), len(products)), -np.inf, np.float32)
    for place, similarity in zip(catalog, _photos(encoder, examples, catalog) @ asked.T, strict=True):
        product = examples.shows[place][0]
        by_photo[:, product] = np.maximum(by_photo[:, product], similarity)
    answers = [examples.shows[place] for place in held]
    findable = [any(np.isfinite(by_photo[row, product]) for product in shown) for row, shown in enumerate(answers)]
    found = [_found(by_photo, answers, count) if any(findable) else None for count in (1, 5)]
    return Retrieval(len(held), _found(by_text, answers, 1), _found(by_text, answers, 5), *found)


def _photos(encoder: OpenClipEncoder, examples: Examples, places: Sequence[int]) -> np.ndarray:
    pixels = (examples.photos[place].permute(1, 2, 0).numpy() for place in places)
    return encoder.encode("image", [encoder.prepare("image", Image.fromarray(photo)) for photo in pixels])


def _found(similarities: np.ndarray, answers: Sequence[tuple[int, ...]], count: int) -> float:
    best = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
    return float(np.mean([bool(set(row) & set(shown)) for row, shown in zip(best.tolist(), answers, strict=True)]))
