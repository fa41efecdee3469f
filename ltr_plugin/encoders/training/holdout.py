"""Held-out items: which ones are kept from training, and what the encoder retrieves for them."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.encoders.training.report import HoldoutRetrieval
from ltr_plugin.errors import InputError, counted

HOLDOUT_SHARE, MAX_ITEMS = 0.05, 500
MIN_PRODUCTS = 200
"""From this many products on, some are held out even if no product has a second item."""


def split_holdout(examples: Examples, catalog: Path, unit: str, rng: random.Random) -> tuple[list[int], list[int]]:
    """Indices of the items to learn from, and of the held-out ones; InputError for fewer than two to learn from."""
    held_out = hold_out(examples, rng)
    seen = sorted(set(range(len(examples))) - set(held_out))
    check_enough(len(seen), catalog, unit)
    return seen, held_out


def check_enough(count: int, catalog: Path, unit: str) -> None:
    """InputError for fewer than two items to learn from; `unit` is the plural noun for them, in s."""
    if count < 2:
        usable = counted(count, f"usable {unit.removesuffix('s')}")
        raise InputError(str(catalog), f"{usable}; an encoder needs at least two to learn from")


def hold_out(examples: Examples, rng: random.Random) -> list[int]:
    """Indices of items to keep from training: 5 % of the items, of products that keep another one.

    If no product has a second item, and there are at least MIN_PRODUCTS, the only items of 5 % of the products.
    """
    counts = examples.counts()
    spare = [item for item, shown in enumerate(examples.shows) if all(counts[product] > 1 for product in shown)]
    rng.shuffle(spare)
    held_out: list[int] = []
    for item in spare:
        if len(held_out) >= min(MAX_ITEMS, HOLDOUT_SHARE * len(examples)):
            break
        if all(counts[product] > 1 for product in examples.shows[item]):
            held_out.append(item)
            counts.subtract(examples.shows[item])
    if not held_out and len(counts) >= MIN_PRODUCTS:
        held_out = rng.sample(range(len(examples)), min(MAX_ITEMS, int(HOLDOUT_SHARE * len(examples))))
    return sorted(held_out)


def evaluate_holdout(
    examples: Examples,
    held_out: Sequence[int],
    vectors_of: Callable[[Sequence[int]], Vectors],
    texts: Vectors | None = None,
) -> HoldoutRetrieval:
    """Retrieval of the held-out items' products among all products.

    `vectors_of` gives the vectors of items by their indices; `texts` (products, dimension) are the vectors of the
    products' text, None if the encoder does not encode text.
    """
    if not held_out:
        return HoldoutRetrieval()
    catalog = [item for item in range(len(examples)) if not examples.from_judgment[item] and item not in set(held_out)]
    queries = vectors_of(held_out)
    by_item = np.full((len(held_out), len(examples.captions)), -np.inf, np.float32)
    for item, similarity in zip(catalog, vectors_of(catalog) @ queries.T, strict=True):
        product = examples.shows[item][0]
        by_item[:, product] = np.maximum(by_item[:, product], similarity)
    answers = [examples.shows[item] for item in held_out]
    findable = [any(np.isfinite(by_item[row, product]) for product in shown) for row, shown in enumerate(answers)]
    text_at = [None if texts is None else _success(queries @ texts.T, answers, count) for count in (1, 5)]
    same_at = [_success(by_item, answers, count) if any(findable) else None for count in (1, 5)]
    return HoldoutRetrieval(len(held_out), *text_at, *same_at)


def _success(similarities: Vectors, answers: Sequence[tuple[int, ...]], count: int) -> float:
    """The share of rows with an answer among the `count` most similar columns."""
    best = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
    return float(np.mean([bool(set(row) & set(shown)) for row, shown in zip(best.tolist(), answers, strict=True)]))
