"""The words of shop and shoppers for attributes; the first word of each is the most common."""

import re

import numpy as np

from ltr_plugin.demo.kinds import KINDS

SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {
    "colour": {
        "red": ("red", "crimson", "scarlet"),
        "orange": ("orange", "tangerine", "apricot"),
        "yellow": ("yellow", "mustard", "sunny yellow"),
        "green": ("green", "olive green", "forest green"),
        "teal": ("teal", "turquoise", "petrol"),
        "blue": ("blue", "sky blue", "azure"),
        "navy": ("navy", "dark blue", "midnight blue"),
        "purple": ("purple", "violet", "plum"),
        "pink": ("pink", "rose", "blush"),
        "brown": ("brown", "chocolate", "chestnut"),
        "grey": ("grey", "gray", "slate"),
        "black": ("black", "jet black", "ebony"),
        "white": ("white", "off-white", "snow white"),
    },
    "pattern": {
        "plain": ("plain", "single-coloured", "solid"),
        "striped": ("striped", "stripy", "lined"),
        "dotted": ("polka dot", "dotted", "spotted"),
        "checked": ("checked", "gingham", "plaid"),
        "zigzag": ("zigzag", "chevron", "herringbone"),
        "floral": ("floral", "flowery", "blossom print"),
        "starry": ("starry", "star print", "star-patterned"),
        "diamond": ("diamond", "argyle", "harlequin"),
    },
    "use": {
        "office": ("office", "work", "the desk"),
        "home": ("home", "the living room", "every day at home"),
        "kids": ("kids", "children", "little ones"),
        "outdoor": ("outdoors", "camping", "hiking and picnics"),
        "gift": ("a gift", "a present", "a birthday"),
        "sport": ("sport", "running", "the gym"),
        "everyday": ("every day", "daily wear", "all seasons"),
        "travel": ("travel", "commuting", "the road"),
        "studio": ("the studio", "recording", "the stage"),
    },
    "timbre": {
        "bell": ("bell", "brass bell", "church bell"),
        "chime": ("chime", "vibraphone", "mellow gong"),
        "celesta": ("celesta", "tinkling", "toy piano"),
        "plucked": ("plucked string", "harp", "pizzicato"),
        "drum": ("drum", "drumbeat", "tom-tom"),
        "flute": ("flute", "panpipe", "recorder"),
        "voice": ("voice", "sung vowel", "choir"),
        "buzzer": ("buzzer", "buzzing", "rattle"),
        "siren": ("siren", "wailing", "alarm horn"),
        "bird": ("bird", "birdsong", "chirping"),
    },
    "band": {
        "budget": ("cheap", "affordable", "low-priced"),
        "middle": ("mid-range", "fairly priced"),
        "premium": ("premium", "luxury", "designer"),
    },
}
"""Words by attribute and value. Materials and brands are their own words; kinds and shapes have theirs in `KINDS`.
Melodies have no words: they are in recordings only."""


def word_for(attribute: str, value: str, rng: np.random.Generator, *, synonyms: float, kind: str = "") -> str:
    """A word for the value; with probability `synonyms` one of the rarer ones. Only shapes need the `kind`."""
    if attribute == "kind":
        words = KINDS[value].nouns
    elif attribute == "shape":
        words = KINDS[kind].shapes[value]
    else:
        words = SYNONYMS.get(attribute, {}).get(value, (value,))
    rare = len(words) > 1 and rng.random() < synonyms
    return words[int(rng.integers(1, len(words)))] if rare else words[0]


def says(text: str, attribute: str, value: str) -> bool:
    """Whether any word for the value occurs in the text."""
    words = SYNONYMS.get(attribute, {}).get(value, (value,))
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)
