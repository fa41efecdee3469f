"""Texts and photos on which two encoders are compared: of a catalog, or synthetic."""

import random
from dataclasses import dataclass
from itertools import product as pairs
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.product_types import LearnedProduct
from ltr_plugin.errors import InputError, MediaError
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.media.images import open_image

MAX_TEXTS, MAX_PHOTOS = 200, 100
"""Maximum items that are compared."""

COLOURS = ("red", "green", "blue", "white", "black", "yellow", "brown", "orange")
THINGS = (
    "coffee mug of stoneware",
    "table lamp with a dimmer",
    "running shoes for men, size 44",
    "USB-C charging cable, 2 m",
    "woollen winter scarf",
    "wireless headphones with noise cancelling and 30 hours of battery, foldable, with a case",
    "kitchen knife of Japanese steel",
    "tent for four people, waterproof, with two rooms and a porch, 8 kg",
    "garden hose",
    "wooden puzzle for children from 3 years",
)


@dataclass(frozen=True)
class Samples:
    """`items` by modality (texts, RGB photos), and their `origin` in words."""

    origin: str
    items: dict[Modality, list[Any]]


def catalog_samples(catalog: Path) -> Samples:
    """Texts and photos of products drawn from a catalog, always the same ones; unusable photos are skipped.

    InputError when the catalog has mistakes, or neither texts nor photos.
    """
    products = list(JsonLines(catalog, LearnedProduct).read())
    random.Random(0).shuffle(products)  # noqa: S311 - no secret
    texts = list(dict.fromkeys(text for product in products if (text := product.embedding_text())))[:MAX_TEXTS]
    photos: list[Image.Image] = []
    for reference in (name for product in products for name in product.images):
        if len(photos) == MAX_PHOTOS:
            break
        try:
            photos.append(open_image(catalog.parent, reference))
        except MediaError:
            continue
    if not texts and not photos:
        raise InputError(str(catalog), "has neither texts nor usable photos to compare encoders on")
    return Samples(str(catalog), {"text": texts, "image": photos})


def synthetic_samples() -> Samples:
    """Product-like texts, and generated images of coloured shapes."""
    texts = [f"{colour} {thing}" for thing, colour in pairs(THINGS, COLOURS)]
    return Samples("made-up texts and photos", {"text": texts, "image": [_drawn(seed) for seed in range(len(texts))]})


def _drawn(seed: int) -> Image.Image:
    rng = random.Random(seed)  # noqa: S311 - no secret
    image = Image.new("RGB", (256, 256), rng.choice(COLOURS))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(1, 12)):
        x, y, side = rng.randint(0, 200), rng.randint(0, 200), rng.randint(10, 120)
        rng.choice([draw.rectangle, draw.ellipse])((x, y, x + side, y + side), fill=rng.choice(COLOURS))
    return image
