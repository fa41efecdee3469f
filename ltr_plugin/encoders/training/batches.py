"""Batches of training: items, among them a catalog item of each product, and a caption of each product."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from ltr_plugin.encoders.training.examples import Examples, augment_caption


@dataclass(frozen=True)
class Batch:
    """`items` are indices of the examples, `captions` has one text for each product.

    `shows` (items, products) bool: the item is of the product. `caption_positives` (items, products) bool: the
    product's caption fits the item; an empty caption fits none.
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
    catalog_share: float = 1.0,
) -> Iterator[Batch]:
    """Endless batches of `seen` items; each item is used once before any is used again.

    `augment_text` varies the captions. Each item is paired with a catalog item of its product, as in the index; a
    product's only item is paired with itself, in another augmentation. There are at most `catalog_share` times as many
    of these as other items.
    """
    own: dict[int, list[int]] = {}
    for item in seen:
        if not examples.from_judgment[item]:
            own.setdefault(examples.shows[item][0], []).append(item)
    size = min(size, len(seen))
    waiting: list[int] = []
    while True:
        if len(waiting) < size:
            waiting += rng.sample(seen, len(seen))
        drawn, waiting = waiting[:size], waiting[size:]
        products = list(dict.fromkeys(rng.choice(examples.shows[item]) for item in drawn))
        paired = [product for product in products if product in own]
        if len(paired) > (most := round(catalog_share * len(drawn))):
            paired = rng.sample(paired, most)
        drawn = drawn + [rng.choice(own[product]) for product in paired]
        captions = [rng.choice(examples.captions[product] or ("",)) for product in products]
        shows = _shows(examples, drawn, products)
        numbers = {caption: number for number, caption in enumerate(dict.fromkeys(filter(None, captions)), start=1)}
        numbered = torch.tensor([numbers.get(caption, 0) for caption in captions])
        same_caption = (numbered == numbered[:, None]) & (numbered > 0)
        caption_positives = (shows.float() @ same_caption.float()) > 0
        yield Batch(drawn, [augment_text(caption, rng) for caption in captions], shows, caption_positives)


def _shows(examples: Examples, items: list[int], products: list[int]) -> torch.Tensor:
    column = {product: index for index, product in enumerate(products)}
    shows = torch.zeros(len(items), len(products), dtype=torch.bool)
    for row, item in enumerate(items):
        for product in examples.shows[item]:
            if product in column:
                shows[row, column[product]] = True
    return shows
