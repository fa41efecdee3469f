"""How good an encoder is on photos or sounds that it was not trained on."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.encoders.training.report import HoldoutRetrieval
from ltr_plugin.errors import InputError

HOLDOUT_SHARE, MAX_ITEMS = 0.05, 500
MIN_PRODUCTS = 200
"""From this many products on, some are held out where no product has a second item."""


def split_holdout(examples: Examples, catalog: Path, unit: str, rng: random.Random) -> tuple[list[int], list[int]]:
    """The places of the items to learn from, and of those that `hold_out` keeps; InputError for fewer than two."""
    held = hold_out(examples, rng)
    seen = sorted(set(range(len(examples))) - set(held))
    if len(seen) < 2:
        raise InputError(str(catalog), f"{len(seen)} usable {unit}; an encoder needs at least two to learn from")
    return seen, held


def hold_out(examples: Examples, rng: random.Random) -> list[int]:
    """The places of items to keep from training: one of twenty, of products that keep another one; else, in a catalog
    that is large enough, the only items of one product in twenty."""
    counts = examples.counts()
    spare = [place for place, shown in enumerate(examples.shows) if all(counts[product] > 1 for product in shown)]
    rng.shuffle(spare)
    held: list[int] = []
    for place in spare:
        if len(held) >= min(MAX_ITEMS, HOLDOUT_SHARE * len(examples)):
            break
        if all(counts[product] > 1 for product in examples.shows[place]):
            held.append(place)
            counts.subtract(examples.shows[place])
    if not held and len(counts) >= MIN_PRODUCTS:
        held = rng.sample(range(len(examples)), min(MAX_ITEMS, int(HOLDOUT_SHARE * len(examples))))
    return sorted(held)


def evaluate_holdout(
    examples: Examples,
    held: Sequence[int],
    vectors_of: Callable[[Sequence[int]], Vectors],
    texts: Vectors | None = None,
) -> HoldoutRetrieval:
    """What is found for the held-out items, among all products.

    `vectors_of` gives the vectors of items by their places, `texts` (products, dimension) are those of the products,
    where the encoder has any.
    """
    if not held:
        return HoldoutRetrieval()
    catalog = [place for place in range(len(examples)) if not examples.from_judgment[place] and place not in set(held)]
    asked = vectors_of(held)
    by_item = np.full((len(held), len(examples.captions)), -np.inf, np.float32)
    for place, similarity in zip(catalog, vectors_of(catalog) @ asked.T, strict=True):
        product = examples.shows[place][0]
        by_item[:, product] = np.maximum(by_item[:, product], similarity)
    answers = [examples.shows[place] for place in held]
    findable = [any(np.isfinite(by_item[row, product]) for product in shown) for row, shown in enumerate(answers)]
    by_text = [None if texts is None else _found(asked @ texts.T, answers, count) for count in (1, 5)]
    found = [_found(by_item, answers, count) if any(findable) else None for count in (1, 5)]
    return HoldoutRetrieval(len(held), *by_text, *found)


def _found(similarities: Vectors, answers: Sequence[tuple[int, ...]], count: int) -> float:
    best = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
    return float(np.mean([bool(set(row) & set(shown)) for row, shown in zip(best.tolist(), answers, strict=True)]))
