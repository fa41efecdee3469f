"""The kinds of products that the demo shop sells, and the facts of each."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of product. `nouns` are its names, the shop's own first; `shapes` has the words for each silhouette;
    `measure` is the name of a dimension and its values; `stands` says whether it stands in its photo; `timbres` are its
    possible sounds, more common ones repeated, and empty for a silent kind."""

    nouns: tuple[str, ...]
    category: tuple[str, str]
    shapes: Mapping[str, tuple[str, ...]]
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
        ("mug", "cup", "coffee cup"),
        ("Kitchen", "Drinkware"),
        {
            "straight": ("straight mug", "cylinder mug"),
            "round": ("round mug", "bellied cup"),
            "tapered": ("tall mug", "latte mug"),
        },
        ("ceramic", "porcelain", "stoneware", "enamel"),
        ("office", "home", "kids", "outdoor"),
        ("capacity", ("250 ml", "300 ml", "350 ml", "450 ml")),
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
        ("capacity", ("0.6 l", "0.9 l", "1.2 l")),
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
        ("capacity", ("0.5 l", "0.75 l", "1 l")),
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
        ("diameter", ("12 cm", "18 cm", "24 cm")),
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
        ("height", ("38 cm", "45 cm", "60 cm")),
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
        ("width", ("46 cm", "52 cm", "62 cm")),
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
        ("diameter", ("25 cm", "30 cm", "40 cm")),
        34,
        _HOME_BRANDS,
        stands=False,
        timbres=("bell", "chime", "buzzer", "bird", "celesta", "siren"),
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
        ("width", ("40 cm", "45 cm", "50 cm")),
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
        ("width", ("80 cm", "120 cm", "160 cm")),
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
        ("sizes", ("36 to 41", "39 to 46", "28 to 35")),
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
        ("sizes", ("XS to XL", "S to XXL", "104 to 152")),
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
        ("width", ("30 cm", "55 cm", "70 cm")),
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
        ("diameter", ("98 cm", "105 cm", "120 cm")),
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
        ("capacity", ("14 l", "20 l", "28 l")),
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
        ("battery", ("20 h", "35 h", "50 h")),
        99,
        _SOUND_BRANDS,
        stands=False,
        timbres=("chime", "flute", "voice", "plucked", "drum", "celesta"),
    ),
    "guitar": Kind(
        ("guitar", "string instrument"),
        ("Music", "Instruments"),
        {
            "acoustic": ("acoustic guitar", "folk guitar"),
            "electric": ("electric guitar", "solid-body guitar"),
            "ukulele": ("ukulele", "uke"),
        },
        ("spruce", "maple", "mahogany"),
        ("kids", "studio", "travel", "gift"),
        ("scale", ("38 cm", "58 cm", "65 cm")),
        189,
        _SOUND_BRANDS,
        stands=False,
        timbres=("plucked", "plucked", "plucked", "chime", "drum"),
    ),
    "doorbell": Kind(
        ("doorbell", "door ringer", "entry signal"),
        ("Home", "Doors"),
        {
            "button": ("push-button doorbell", "round doorbell"),
            "panel": ("doorbell panel", "doorbell with name plate"),
            "pull": ("pull doorbell", "hanging doorbell"),
        },
        ("steel", "aluminium", "plastic", "oak"),
        ("home", "office", "outdoor", "gift"),
        ("range", ("60 m", "100 m", "150 m")),
        39,
        _HOME_BRANDS,
        stands=False,
        timbres=("bell", "chime", "buzzer", "bird", "voice", "flute", "siren"),
    ),
    "music box": Kind(
        ("music box", "musical box"),
        ("Music", "Music boxes"),
        {
            "chest": ("music chest", "jewellery music box"),
            "crank": ("crank music box", "hand-cranked music box"),
            "carousel": ("carousel music box", "merry-go-round music box"),
        },
        ("walnut", "oak", "porcelain", "steel"),
        ("gift", "kids", "home"),
        ("height", ("8 cm", "12 cm", "16 cm")),
        45,
        _SOUND_BRANDS,
        timbres=("celesta", "celesta", "bell", "plucked", "flute", "bird"),
    ),
    "toy": Kind(
        ("toy", "sound toy", "plaything"),
        ("Toys", "Toys with sound"),
        {
            "robot": ("toy robot", "robot"),
            "car": ("toy car", "model car"),
            "top": ("humming top", "spinning top"),
        },
        ("plastic", "oak", "steel"),
        ("kids", "gift", "travel"),
        ("length", ("12 cm", "18 cm", "24 cm")),
        26,
        _SOUND_BRANDS,
        timbres=("siren", "buzzer", "drum", "voice", "bird", "flute"),
    ),
}
