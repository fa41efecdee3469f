"""From hidden attributes to a surface that can be painted: shades of a colour, gloss and grain of a material."""

import colorsys

import numpy as np

from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.painting import Colour, Surface
from ltr_plugin.demo.photos import Shot, customer_shot, shop_shot
from ltr_plugin.demo.silhouettes import SILHOUETTES
from ltr_plugin.demo.traits import Traits

SHADES: dict[str, Colour] = {
    "red": (0.80, 0.17, 0.18),
    "orange": (0.93, 0.50, 0.17),
    "yellow": (0.95, 0.79, 0.28),
    "green": (0.31, 0.56, 0.31),
    "teal": (0.16, 0.57, 0.57),
    "blue": (0.27, 0.52, 0.80),
    "navy": (0.14, 0.20, 0.40),
    "purple": (0.48, 0.31, 0.64),
    "pink": (0.93, 0.60, 0.68),
    "brown": (0.50, 0.33, 0.22),
    "grey": (0.58, 0.60, 0.62),
    "black": (0.16, 0.16, 0.18),
    "white": (0.94, 0.93, 0.90),
    "cream": (0.93, 0.87, 0.74),
}
_FIXED: dict[str, Colour] = {
    "dark": (0.17, 0.17, 0.20),
    "light": (0.95, 0.94, 0.92),
    "inside": (0.72, 0.69, 0.65),
    "metal": (0.76, 0.78, 0.80),
    "glow": (1.0, 0.94, 0.78),
    "earth": (0.33, 0.24, 0.19),
    "blossom": (0.95, 0.50, 0.60),
}
_WOODS: tuple[Colour, ...] = ((0.74, 0.55, 0.37), (0.50, 0.34, 0.23), (0.85, 0.72, 0.54))
_LEAVES: tuple[Colour, ...] = ((0.34, 0.58, 0.34), (0.25, 0.47, 0.33), (0.52, 0.66, 0.36))
_GLOSSY = {"ceramic", "porcelain", "enamel", "glass", "plastic", "spruce", "maple", "mahogany", "silk"}
_METAL = {"steel", "aluminium"}
_WOVEN = {"wool", "merino", "cashmere", "jute", "linen", "canvas", "terracotta", "suede", "velvet", "stoneware"}


def silhouette(traits: Traits) -> list[Part]:
    """The parts of the product's silhouette, from back to front."""
    return SILHOUETTES[traits.kind][traits.shape]()


def surface(traits: Traits, rng: np.random.Generator) -> Surface:
    """The surface of one copy of the product: the same attributes give a slightly different surface at every call."""
    wood = _WOODS[rng.integers(len(_WOODS))]
    second = _shade(traits.second_colour, rng)
    trim = (wood, second, _FIXED["dark"], _FIXED["metal"])[rng.integers(4)]
    colours = {
        **_FIXED,
        "main": _shade(traits.colour, rng),
        "second": second,
        "third": SHADES["yellow"] if traits.second_colour != "yellow" else SHADES["red"],
        "wood": wood,
        "trim": trim,
        "leaf": _LEAVES[rng.integers(len(_LEAVES))],
    }
    gloss = 0.75 if traits.material in _GLOSSY else 0.5 if traits.material in _METAL else 0.08
    grain = 0.6 if traits.material in _WOVEN else 0.12
    turn = 0.0 if rng.random() < 0.6 else float(rng.choice((90, 90, 45, -30)))
    return Surface(colours, traits.pattern, float(rng.uniform(0.085, 0.15)), turn, gloss, grain)


def shot(traits: Traits, rng: np.random.Generator, *, customer: bool) -> Shot:
    """How the shop, or a customer, photographs this product."""
    take = customer_shot if customer else shop_shot
    return take(rng, stands=KINDS[traits.kind].stands)


def _shade(colour: str, rng: np.random.Generator) -> Colour:
    hue, saturation, value = colorsys.rgb_to_hsv(*SHADES[colour])
    return colorsys.hsv_to_rgb(
        (hue + rng.normal(0, 0.008)) % 1,
        float(np.clip(saturation * rng.uniform(0.88, 1.1), 0, 1)),
        float(np.clip(value * rng.uniform(0.92, 1.06), 0, 1)),
    )
