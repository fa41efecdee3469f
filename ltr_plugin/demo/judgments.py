"""Judgments of the demo shop, from hidden attributes alone, not from texts, photos or recordings.

The rule, for a shopper who wants one kind of product, or any product with a certain sound, and some attributes:

* Every attribute costs 0 if it matches, 1 if it is near (`NEAR`: blue for navy, striped for zigzag, the next price
  band, triplet for single notes, or another shape of the same kind), else 2.
* Timbres are stricter: a near one (chime for bell) costs 2, any other is grade 0.
* Another kind than the wanted one is grade 0. Cost 0 is grade 3.
* If at least one attribute matches exactly, cost 1 is grade 2, and cost 2 or 3 is grade 1.
* If none does, cost 1 (the only wanted attribute is near) is grade 1. Everything else is grade 0.
* A full match of poor quality (below `LOW_QUALITY`) is grade 2: shoppers were less satisfied with it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ltr_plugin.demo.products import DemoProduct
from ltr_plugin.demo.traits import PRICE_BANDS, Traits

LOW_QUALITY = 0.5
POOL_RELEVANT = 60
POOL_IRRELEVANT = 20
NOISE_SHARE = 0.04
"""Fraction of the grades of training queries that are shifted by one, up or down; test grades have no noise."""

_NEAR_PAIRS = {
    "colour": (
        ("blue", "navy"),
        ("blue", "teal"),
        ("green", "teal"),
        ("red", "orange"),
        ("red", "pink"),
        ("orange", "yellow"),
        ("purple", "pink"),
        ("grey", "black"),
        ("grey", "white"),
    ),
    "pattern": (("striped", "zigzag"), ("checked", "diamond"), ("dotted", "starry")),
    "material": (
        ("ceramic", "porcelain"),
        ("ceramic", "stoneware"),
        ("cotton", "linen"),
        ("wool", "cashmere"),
        ("wool", "merino"),
        ("leather", "suede"),
        ("steel", "aluminium"),
        ("oak", "walnut"),
        ("nylon", "polyester"),
    ),
    "use": (("sport", "outdoor"), ("home", "everyday")),
    "timbre": (
        ("bell", "chime"),
        ("chime", "celesta"),
        ("flute", "bird"),
        ("flute", "voice"),
        ("buzzer", "siren"),
    ),
    "melody": (("rising", "falling"), ("alternating", "trill"), ("single", "triplet")),
    "band": tuple(pairwise(PRICE_BANDS)),
}
NEAR = {name: {frozenset(pair) for pair in pairs} for name, pairs in _NEAR_PAIRS.items()}


@dataclass(frozen=True)
class Intent:
    """What a shopper wants: a kind of product, or None for any product with the wanted sound, and the wanted values by
    attribute of `Traits`."""

    kind: str | None
    attributes: Mapping[str, str] = field(default_factory=dict)


def grade(intent: Intent, traits: Traits) -> int:
    """The grade, 0 to 3, of a product for an intent, by the rule at the top of this file."""
    if intent.kind not in {None, traits.kind}:
        return 0
    costs = [_cost(name, value, getattr(traits, name)) for name, value in intent.attributes.items()]
    if math.inf in costs:
        return 0
    total = sum(costs)
    if total == 0:
        return 3 if traits.quality >= LOW_QUALITY else 2
    if 0 in costs:
        return 2 if total == 1 else 1 if total <= 3 else 0
    return 1 if total == 1 else 0


def _cost(attribute: str, wanted: str, has: str) -> float:
    if wanted == has:
        return 0
    near = attribute == "shape" or frozenset((wanted, has)) in NEAR.get(attribute, set())
    if attribute == "timbre":
        return 2 if near else math.inf
    return 1 if near else 2


def judge(intent: Intent, products: Sequence[DemoProduct], rng: np.random.Generator) -> dict[str, int]:
    """Grades by product id: the relevant products, at most the best `POOL_RELEVANT`, and `POOL_IRRELEVANT` products of
    grade 0. Half of these are of the same kind (or have a sound, when no kind is wanted), where there are any."""
    grades = {product.id: grade(intent, product.traits) for product in products}
    shuffled = [products[position] for position in rng.permutation(len(products)).tolist()]
    relevant = sorted((item.id for item in shuffled if grades[item.id] > 0), key=lambda name: -grades[name])
    zeros = [item for item in shuffled if grades[item.id] == 0]
    hard = [item.id for item in zeros if _resembles(intent, item.traits)][: POOL_IRRELEVANT // 2]
    easy = [item.id for item in zeros if not _resembles(intent, item.traits)][: POOL_IRRELEVANT - len(hard)]
    return {name: grades[name] for name in sorted([*relevant[:POOL_RELEVANT], *hard, *easy])}


def _resembles(intent: Intent, traits: Traits) -> bool:
    return bool(traits.timbre) if intent.kind is None else traits.kind == intent.kind


def with_noise(grades: Mapping[str, int], rng: np.random.Generator) -> dict[str, int]:
    """The grades with noise: a fraction `NOISE_SHARE` of them is one higher or lower, within 0 to 3."""
    noisy = {}
    for name, value in grades.items():
        shift = int(rng.choice((-1, 1))) if rng.random() < NOISE_SHARE else 0
        noisy[name] = min(3, max(0, value + shift))
    return noisy
