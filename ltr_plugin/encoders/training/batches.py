"""What is looked at together: items, a catalog item of each product among them, and a caption of each product."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from ltr_plugin.encoders.training.examples import Examples, augment_caption


@dataclass(frozen=True)
class Batch:
    """`items` are places in the examples, `captions` one text for each product; both others (items, products) bool.

    `shows` is whether the item is of the product, `caption_positives` whether the product's caption holds for it; no empty one does.
    """

    items: list[int]
    captions: list[str]
    shows: torch.Tensor
    caption_positives: torch.Tensor


def batches(
    examples: Examples,
    seen: Sequence[int],
    size: int,
    rng: random.Random,
    augment_text: Callable[[str, random.Random], str] = augment_caption,
) -> Iterator[Batch]:
    """Endless batches over these items, each used once before any is used again; captions are put as `augment_text` does.

    Every item meets a catalog item of its product, as it will in the index; a product's only item meets itself, seen
    or heard in another way.
    """
    own: dict[int, list[int]] = {}
    for place in seen:
        if not examples.from_judgment[place]:
            own.setdefault(examples.shows[place][0], []).append(place)
    size = min(size, len(seen))
    waiting: list[int] = []
    while True:
        if len(waiting) < size:
            waiting += rng.sample(seen, len(seen))
        drawn, waiting = waiting[:size], waiting[size:]
        products = list(dict.fromkeys(rng.choice(examples.shows[place]) for place in drawn))
        drawn = drawn + [rng.choice(own[product]) for product in products if product in own]
        captions = [rng.choice(examples.captions[product] or ("",)) for product in products]
        shows = _shows(examples, drawn, products)
        alike = torch.tensor([[bool(one) and one == other for other in captions] for one in captions])
        caption_positives = (shows.float() @ alike.float()) > 0
        yield Batch(drawn, [augment_text(caption, rng) for caption in captions], shows, caption_positives)


def _shows(examples: Examples, items: list[int], products: list[int]) -> torch.Tensor:
    column = {product: place for place, product in enumerate(products)}
    shows = torch.zeros(len(items), len(products), dtype=torch.bool)
    for row, item in enumerate(items):
        for product in examples.shows[item]:
            if product in column:
                shows[row, column[product]] = True
    return shows
