"""The hidden attributes of each product of the demo shop.

They determine everything else: the photo, the sound, the text, the behaviour of shoppers and the judgments. The catalog
does not contain them as such.
"""

from dataclasses import dataclass

import numpy as np

from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.silhouettes import SILHOUETTES

COLOURS = (
    "red",
    "orange",
    "yellow",
    "green",
    "teal",
    "blue",
    "navy",
    "purple",
    "pink",
    "brown",
    "grey",
    "black",
    "white",
)
PATTERNS = ("plain", "striped", "dotted", "checked", "zigzag", "floral", "starry", "diamond")
TIMBRES = ("bell", "chime", "celesta", "plucked", "drum", "flute", "voice", "buzzer", "siren", "bird")
MELODIES = ("rising", "falling", "alternating", "single", "triplet", "trill")
PRICE_BANDS = ("budget", "middle", "premium")
PLAIN_SHARE = 0.3


@dataclass(frozen=True)
class Traits:
    """The hidden attributes of one product. `quality` is from 0 to 1; `second_colour` is that of pattern and trim;
    `timbre` and `melody` are empty for a product without a sound."""

    kind: str
    shape: str
    colour: str
    second_colour: str
    pattern: str
    material: str
    use: str
    brand: str
    band: str
    quality: float
    timbre: str = ""
    melody: str = ""


def draw_traits(kind: str, rng: np.random.Generator) -> Traits:
    """Attributes of a new product of this kind; expensive products have better quality on average."""
    about = KINDS[kind]
    band = _one(PRICE_BANDS, rng, (0.35, 0.4, 0.25))
    colour = _one(COLOURS, rng)
    pale = colour in {"white", "yellow", "grey", "pink", "orange"}
    contrast = ("navy", "black", "brown", "teal", "white") if pale else ("white", "cream", "cream", "yellow", "pink")
    if colour == "white":
        contrast = ("navy", "red", "green", "black", "blue")
    (audio_rng,) = rng.spawn(1)  # a stream of its own: a product's sound does not change its other attributes
    return Traits(
        kind=kind,
        shape=_one(tuple(SILHOUETTES[kind]), rng),
        colour=colour,
        second_colour=_one(contrast, rng),
        pattern="plain" if rng.random() < PLAIN_SHARE else _one(PATTERNS[1:], rng),
        material=_one(about.materials, rng),
        use=_one(about.uses, rng),
        brand=_one(about.brands, rng),
        band=band,
        quality=float(np.clip(rng.beta(4, 2.2) + 0.08 * (PRICE_BANDS.index(band) - 1), 0, 1)),
        timbre=_one(about.timbres, audio_rng) if about.timbres else "",
        melody=_one(MELODIES, audio_rng) if about.timbres else "",
    )


def _one(values: tuple[str, ...], rng: np.random.Generator, weights: tuple[float, ...] | None = None) -> str:
    return values[int(rng.choice(len(values), p=weights))]
