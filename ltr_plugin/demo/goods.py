"""What the demo shop sells: kinds of products and the hidden attributes of each product.

The attributes decide everything else: the photo, the text, the behaviour of shoppers and the judgments. None of them
is written into the catalog as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
BANDS = ("budget", "middle", "premium")
PLAIN_SHARE = 0.3


@dataclass(frozen=True)
class Kind:
    """One kind of product. `nouns` are what people call it, the shop's own word first; `shapes` gives the words for
    each silhouette; `facts` are sizes or capacities; `stands` tells whether it stands on a floor in its photo."""

    nouns: tuple[str, ...]
    category: tuple[str, str]
    shapes: Mapping[str, tuple[str, ...]]
    materials: tuple[str, ...]
    uses: tuple[str, ...]
    facts: tuple[str, ...]
    price: float
    brands: tuple[str, ...]
    stands: bool = True


_TABLE_BRANDS = ("Tallowmere", "Brindlecote", "Ovellin", "Marrowby", "Dovetarn")
_HOME_BRANDS = ("Brindlecote", "Hazelwyn", "Larkhollow", "Quillandor", "Dovetarn")
_WEAR_BRANDS = ("Kestravo", "Sundrel", "Fjellora", "Wexcombe", "Nimbuka")
_SOUND_BRANDS = ("Rookpine", "Quillandor", "Nimbuka", "Kestravo")

KINDS: dict[str, Kind] = {
    "mug": Kind(
        ("mug", "cup", "coffee cup"),
        ("Kitchen", "Drinkware"),
        {
            "straight": ("straight mug", "cylinder mug"),
            "round": ("round mug", "bellied cup"),
            "tapered": ("tall mug", "latte mug"),
        },
        ("ceramic", "porcelain", "stoneware", "enamel"),
        ("office", "home", "kids", "outdoor"),
        ("250 ml", "300 ml", "350 ml", "450 ml"),
        12,
        _TABLE_BRANDS,
    ),
    "teapot": Kind(
        ("teapot", "tea pot", "brewing pot"),
        ("Kitchen", "Tea and coffee"),
        {
            "round": ("round teapot", "globe teapot"),
            "tall": ("tall pot", "coffee pot"),
            "flat": ("low teapot", "bow-handle teapot"),
        },
        ("ceramic", "porcelain", "stoneware", "enamel"),
        ("home", "office", "gift"),
        ("0.6 l", "0.9 l", "1.2 l"),
        38,
        _TABLE_BRANDS,
    ),
    "bottle": Kind(
        ("water bottle", "drinking bottle", "canteen"),
        ("Kitchen", "Drinkware"),
        {
            "slim": ("slim bottle", "screw-cap bottle"),
            "wide": ("wide-mouth bottle", "loop-lid bottle"),
            "flask": ("vacuum flask", "thermos flask"),
        },
        ("steel", "aluminium", "glass", "plastic"),
        ("sport", "kids", "office", "outdoor"),
        ("0.5 l", "0.75 l", "1 l"),
        22,
        ("Fjellora", "Sundrel", "Tallowmere", "Ovellin"),
    ),
    "pot": Kind(
        ("plant pot", "flowerpot", "planter"),
        ("Home", "Garden and plants"),
        {
            "tapered": ("rimmed pot", "classic flowerpot"),
            "round": ("round planter", "bowl pot"),
            "footed": ("footed planter", "planter on legs"),
        },
        ("terracotta", "ceramic", "stoneware", "plastic"),
        ("home", "office", "outdoor", "gift"),
        ("12 cm", "18 cm", "24 cm"),
        19,
        _HOME_BRANDS,
    ),
    "lamp": Kind(
        ("lamp", "light", "luminaire"),
        ("Home", "Lighting"),
        {
            "cone": ("table lamp", "bedside lamp"),
            "drum": ("tripod lamp", "drum-shade lamp"),
            "desk": ("desk lamp", "reading lamp"),
        },
        ("linen", "cotton", "steel", "paper"),
        ("office", "home", "kids"),
        ("38 cm", "45 cm", "60 cm"),
        59,
        _HOME_BRANDS,
    ),
    "chair": Kind(
        ("chair", "seat"),
        ("Home", "Furniture"),
        {
            "dining": ("dining chair", "kitchen chair"),
            "armchair": ("armchair", "easy chair"),
            "stool": ("stool", "bar stool"),
        },
        ("linen", "velvet", "leather", "wool"),
        ("home", "office", "kids"),
        ("seat height 45 cm", "width 62 cm", "holds 120 kg"),
        149,
        _HOME_BRANDS,
    ),
    "clock": Kind(
        ("wall clock", "clock", "timepiece"),
        ("Home", "Decoration"),
        {
            "round": ("round clock", "ring clock"),
            "square": ("square clock", "tile clock"),
            "sunburst": ("sunburst clock", "starburst clock"),
        },
        ("steel", "oak", "plastic", "walnut"),
        ("office", "home", "kids", "gift"),
        ("25 cm", "30 cm", "40 cm"),
        34,
        _HOME_BRANDS,
        stands=False,
    ),
    "cushion": Kind(
        ("cushion", "throw pillow", "sofa pillow"),
        ("Home", "Textiles"),
        {
            "square": ("square cushion", "scatter cushion"),
            "round": ("round cushion", "button cushion"),
            "long": ("lumbar cushion", "long pillow with tassels"),
        },
        ("cotton", "linen", "velvet", "wool"),
        ("home", "kids", "outdoor"),
        ("40 x 40 cm", "45 x 45 cm", "50 cm"),
        24,
        _HOME_BRANDS,
        stands=False,
    ),
    "rug": Kind(
        ("rug", "carpet", "floor mat"),
        ("Home", "Textiles"),
        {
            "rectangular": ("rectangular rug", "fringed carpet"),
            "round": ("round rug", "circular carpet"),
            "runner": ("runner rug", "hallway runner"),
        },
        ("wool", "cotton", "jute", "polyester"),
        ("home", "kids", "office", "outdoor"),
        ("80 x 150 cm", "120 x 170 cm", "160 cm"),
        89,
        _HOME_BRANDS,
        stands=False,
    ),
    "sneaker": Kind(
        ("sneaker", "trainers", "shoes"),
        ("Fashion", "Footwear"),
        {
            "low": ("low-top sneaker", "running shoe"),
            "high": ("high-top sneaker", "ankle trainers"),
            "slip-on": ("slip-on shoe", "laceless sneaker"),
        },
        ("canvas", "leather", "suede", "nylon"),
        ("sport", "kids", "everyday", "travel"),
        ("sizes 36 to 46", "half sizes", "240 g a shoe"),
        75,
        _WEAR_BRANDS,
    ),
    "shirt": Kind(
        ("T-shirt", "tee", "top"),
        ("Fashion", "Tops"),
        {
            "short-sleeved": ("short-sleeved T-shirt", "crew-neck tee"),
            "long-sleeved": ("long-sleeved shirt", "longsleeve"),
            "sleeveless": ("tank top", "sleeveless top"),
        },
        ("cotton", "linen", "merino", "polyester"),
        ("sport", "kids", "everyday", "outdoor"),
        ("sizes XS to XXL", "regular fit", "160 g/m2"),
        25,
        _WEAR_BRANDS,
        stands=False,
    ),
    "scarf": Kind(
        ("scarf", "shawl", "neck warmer"),
        ("Fashion", "Accessories"),
        {
            "long": ("long scarf", "fringed scarf"),
            "loop": ("loop scarf", "snood"),
            "bandana": ("bandana", "neckerchief"),
        },
        ("wool", "cashmere", "cotton", "silk"),
        ("everyday", "kids", "outdoor", "gift"),
        ("30 x 180 cm", "one size", "55 x 55 cm"),
        35,
        _WEAR_BRANDS,
        stands=False,
    ),
    "umbrella": Kind(
        ("umbrella", "brolly", "rain shade"),
        ("Fashion", "Accessories"),
        {
            "dome": ("dome umbrella", "deep umbrella"),
            "parasol": ("parasol", "sunshade"),
            "folded": ("stick umbrella", "walking umbrella"),
        },
        ("polyester", "nylon", "cotton"),
        ("travel", "kids", "outdoor", "everyday"),
        ("diameter 98 cm", "diameter 110 cm", "8 ribs"),
        29,
        _WEAR_BRANDS,
    ),
    "backpack": Kind(
        ("backpack", "rucksack", "daypack"),
        ("Bags", "Carrying on the back"),
        {
            "school": ("zip backpack", "school bag"),
            "roll-top": ("roll-top backpack", "courier bag"),
            "flap": ("flap rucksack", "buckled rucksack"),
        },
        ("canvas", "nylon", "leather", "polyester"),
        ("office", "kids", "outdoor", "travel"),
        ("14 l", "20 l", "28 l"),
        69,
        _WEAR_BRANDS,
    ),
    "headphones": Kind(
        ("headphones", "earphones", "cans"),
        ("Electronics", "Audio"),
        {
            "over-ear": ("over-ear headphones", "around-ear headphones"),
            "on-ear": ("on-ear headphones", "compact headphones"),
            "headset": ("gaming headset", "headset with microphone"),
        },
        ("plastic", "aluminium", "leather", "bamboo"),
        ("office", "kids", "travel", "studio"),
        ("20 h battery", "35 h battery", "cable 1.2 m"),
        99,
        _SOUND_BRANDS,
        stands=False,
    ),
    "guitar": Kind(
        ("guitar", "string instrument"),
        ("Electronics", "Musical instruments"),
        {
            "acoustic": ("acoustic guitar", "folk guitar"),
            "electric": ("electric guitar", "solid-body guitar"),
            "ukulele": ("ukulele", "uke"),
        },
        ("spruce", "maple", "mahogany"),
        ("kids", "studio", "travel", "gift"),
        ("4/4 size", "3/4 size", "scale 62 cm"),
        189,
        _SOUND_BRANDS,
        stands=False,
    ),
}


@dataclass(frozen=True)
class Traits:
    """The hidden attributes of one product. `quality` goes from 0 to 1; `second_colour` is that of pattern and trim."""

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


def draw_traits(kind: str, rng: np.random.Generator) -> Traits:
    """Attributes of a new product of this kind; dearer ones are of better quality on average."""
    about = KINDS[kind]
    band = _one(BANDS, rng, (0.35, 0.4, 0.25))
    colour = _one(COLOURS, rng)
    pale = colour in {"white", "yellow", "grey", "pink", "orange"}
    contrast = ("navy", "black", "brown", "teal", "white") if pale else ("white", "cream", "cream", "yellow", "pink")
    if colour == "white":
        contrast = ("navy", "red", "green", "black", "blue")
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
        quality=float(np.clip(rng.beta(4, 2.2) + 0.08 * (BANDS.index(band) - 1), 0, 1)),
    )


def _one(values: tuple[str, ...], rng: np.random.Generator, weights: tuple[float, ...] | None = None) -> str:
    return values[int(rng.choice(len(values), p=weights))]
