"""What is looked at together: photos, a catalog photo of each product among them, and a caption of each product."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from workers.training.examples import Examples, vary


@dataclass(frozen=True)
class Batch:
    """`photos` are places in the examples, `captions` one text for each product, `shows` (photos, products) is bool."""

    photos: list[int]
    captions: list[str]
    shows: torch.Tensor


def batches(examples: Examples, photos: Sequence[int], size: int, chance: random.Random) -> Iterator[Batch]:
    """Endless batches over these photos, each used once before any is used again.

    Every photo meets a catalog photo of its product, as it will in the index; a product's only photo meets itself,
    seen in another way.
    """
    own: dict[int, list[int]] = {}
    for place in photos:
        if not examples.extra[place]:
            own.setdefault(examples.shows[place][0], []).append(place)
    size = min(size, len(photos))
    waiting: list[int] = []
    while True:
        if len(waiting) < size:
            waiting += chance.sample(photos, len(photos))
        drawn, waiting = waiting[:size], waiting[size:]
        products = list(dict.fromkeys(chance.choice(examples.shows[place]) for place in drawn))
        drawn = drawn + [chance.choice(own[product]) for product in products if product in own]
        captions = [vary(chance.choice(examples.captions[product]), chance) for product in products]
        yield Batch(drawn, captions, _shows(examples, drawn, products))


def _shows(examples: Examples, photos: list[int], products: list[int]) -> torch.Tensor:
    column = {product: place for place, product in enumerate(products)}
    shows = torch.zeros(len(photos), len(products), dtype=torch.bool)
    for row, photo in enumerate(photos):
        for product in examples.shows[photo]:
            if product in column:
                shows[row, column[product]] = True
    return shows
