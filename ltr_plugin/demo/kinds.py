"""The kinds of products that the demo shop sells, and the facts of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of product. `measure` is the name of a dimension and its values; `stands` says whether it stands in its
    photo; `timbres` are its possible sounds, more common ones repeated, and empty for a silent kind."""

    category: tuple[str, str]
    materials: tuple[str, ...]
    uses: tuple[str, ...]
    measure: tuple[str, tuple[str, ...]]
    price: float
    brands: tuple[str, ...]
    stands: bool = True
    timbres: tuple[str, ...] = ()


_TABLE_BRANDS = ("Tallowmere", "Brindlecote", "Ovellin", "Marrowby", "Dovetarn")
_HOME_BRANDS = ("Brindlecote", "Hazelwyn", "Larkhollow", "Quillandor", "Dovetarn")
_WEAR_BRANDS = ("Kestravo", "Sundrel", "Fjellora", "Wexcombe", "Nimbuka")
_SOUND_BRANDS = ("Rookpine", "Quillandor", "Nimbuka", "Kestravo")

KINDS: dict[str, Kind] = {
    "mug": Kind(
        ("Kitchen", "Drinkware"),
        ("ceramic", "porcelain", "stoneware", "enamel"),
        ("office", "home", "kids", "outdoor"),
        ("capacity", ("250 ml", "300 ml", "350 ml", "450 ml")),
        12,
        _TABLE_BRANDS,
    ),
    "teapot": Kind(
        ("Kitchen", "Tea and coffee"),
        ("ceramic", "porcelain", "stoneware", "enamel"),
        ("home", "office", "gift"),
        ("capacity", ("0.6 l", "0.9 l", "1.2 l")),
        38,
        _TABLE_BRANDS,
    ),
    "bottle": Kind(
        ("Kitchen", "Drinkware"),
        ("steel", "aluminium", "glass", "plastic"),
        ("sport", "kids", "office", "outdoor"),
        ("capacity", ("0.5 l", "0.75 l", "1 l")),
        22,
        ("Fjellora", "Sundrel", "Tallowmere", "Ovellin"),
    ),
    "pot": Kind(
        ("Home", "Garden and plants"),
        ("terracotta", "ceramic", "stoneware", "plastic"),
        ("home", "office", "outdoor", "gift"),
        ("diameter", ("12 cm", "18 cm", "24 cm")),
        19,
        _HOME_BRANDS,
    ),
    "lamp": Kind(
        ("Home", "Lighting"),
        ("linen", "cotton", "steel", "paper"),
        ("office", "home", "kids"),
        ("height", ("38 cm", "45 cm", "60 cm")),
        59,
        _HOME_BRANDS,
    ),
    "chair": Kind(
        ("Home", "Furniture"),
        ("linen", "velvet", "leather", "wool"),
        ("home", "office", "kids"),
        ("width", ("46 cm", "52 cm", "62 cm")),
        149,
        _HOME_BRANDS,
    ),
    "clock": Kind(
        ("Home", "Decoration"),
        ("steel", "oak", "plastic", "walnut"),
        ("office", "home", "kids", "gift"),
        ("diameter", ("25 cm", "30 cm", "40 cm")),
        34,
        _HOME_BRANDS,
        stands=False,
        timbres=("bell", "chime", "buzzer", "bird", "celesta", "siren"),
    ),
    "cushion": Kind(
        ("Home", "Textiles"),
        ("cotton", "linen", "velvet", "wool"),
        ("home", "kids", "outdoor"),
        ("width", ("40 cm", "45 cm", "50 cm")),
        24,
        _HOME_BRANDS,
        stands=False,
    ),
    "rug": Kind(
        ("Home", "Textiles"),
        ("wool", "cotton", "jute", "polyester"),
        ("home", "kids", "office", "outdoor"),
        ("width", ("80 cm", "120 cm", "160 cm")),
        89,
        _HOME_BRANDS,
        stands=False,
    ),
    "sneaker": Kind(
        ("Fashion", "Footwear"),
        ("canvas", "leather", "suede", "nylon"),
        ("sport", "kids", "everyday", "travel"),
        ("sizes", ("36 to 41", "39 to 46", "28 to 35")),
        75,
        _WEAR_BRANDS,
    ),
    "shirt": Kind(
        ("Fashion", "Tops"),
        ("cotton", "linen", "merino", "polyester"),
        ("sport", "kids", "everyday", "outdoor"),
        ("sizes", ("XS to XL", "S to XXL", "104 to 152")),
        25,
        _WEAR_BRANDS,
        stands=False,
    ),
    "scarf": Kind(
        ("Fashion", "Accessories"),
        ("wool", "cashmere", "cotton", "silk"),
        ("everyday", "kids", "outdoor", "gift"),
        ("width", ("30 cm", "55 cm", "70 cm")),
        35,
        _WEAR_BRANDS,
        stands=False,
    ),
    "umbrella": Kind(
        ("Fashion", "Accessories"),
        ("polyester", "nylon", "cotton"),
        ("travel", "kids", "outdoor", "everyday"),
        ("diameter", ("98 cm", "105 cm", "120 cm")),
        29,
        _WEAR_BRANDS,
    ),
    "backpack": Kind(
        ("Bags", "Carrying on the back"),
        ("canvas", "nylon", "leather", "polyester"),
        ("office", "kids", "outdoor", "travel"),
        ("capacity", ("14 l", "20 l", "28 l")),
        69,
        _WEAR_BRANDS,
    ),
    "headphones": Kind(
        ("Electronics", "Audio"),
        ("plastic", "aluminium", "leather", "bamboo"),
        ("office", "kids", "travel", "studio"),
        ("battery", ("20 h", "35 h", "50 h")),
        99,
        _SOUND_BRANDS,
        stands=False,
        timbres=("chime", "flute", "voice", "plucked", "drum", "celesta"),
    ),
    "guitar": Kind(
        ("Music", "Instruments"),
        ("spruce", "maple", "mahogany"),
        ("kids", "studio", "travel", "gift"),
        ("scale", ("38 cm", "58 cm", "65 cm")),
        189,
        _SOUND_BRANDS,
        stands=False,
        timbres=("plucked", "plucked", "plucked", "chime", "drum"),
    ),
    "doorbell": Kind(
        ("Home", "Doors"),
        ("steel", "aluminium", "plastic", "oak"),
        ("home", "office", "outdoor", "gift"),
        ("range", ("60 m", "100 m", "150 m")),
        39,
        _HOME_BRANDS,
        stands=False,
        timbres=("bell", "chime", "buzzer", "bird", "voice", "flute", "siren"),
    ),
    "music box": Kind(
        ("Music", "Music boxes"),
        ("walnut", "oak", "porcelain", "steel"),
        ("gift", "kids", "home"),
        ("height", ("8 cm", "12 cm", "16 cm")),
        45,
        _SOUND_BRANDS,
        timbres=("celesta", "celesta", "bell", "plucked", "flute", "bird"),
    ),
    "toy": Kind(
        ("Toys", "Toys with sound"),
        ("plastic", "oak", "steel"),
        ("kids", "gift", "travel"),
        ("length", ("12 cm", "18 cm", "24 cm")),
        26,
        _SOUND_BRANDS,
        timbres=("siren", "buzzer", "drum", "voice", "bird", "flute"),
    ),
}
