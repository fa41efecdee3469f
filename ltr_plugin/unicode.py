"""Texts have one form of Unicode, NFC: `é` is one character, however it was typed or stored. And accents dropped."""

import unicodedata
from functools import cache
from itertools import permutations

_LAST_LATIN, _KANA = 0x1EFF, range(0x3040, 0x3100)


def nfc(text: str) -> str:
    """The text in NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def without_accents(text: str) -> str:
    """The text without the marks on its letters, and with letters of one width; `ß` and `ø` stay as they are."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


@cache
def compositions() -> tuple[str, ...]:
    """Mappings, as a `mapping` character filter of the cluster has them, from decomposed letters to those of NFC.

    They cover the scripts up to Latin Extended Additional, and kana. Hangul, whose eleven thousand syllables would be
    as many mappings, is left to the cluster's ICU plugin.
    """
    mappings = {}
    for letter in map(chr, (*range(0xC0, _LAST_LATIN + 1), *_KANA)):
        base, *marks = tuple(unicodedata.normalize("NFD", letter))
        if marks and nfc(letter) == letter:
            for order in permutations(marks):
                for composed in range(len(marks)):
                    typed = nfc(base + "".join(order[:composed])) + "".join(order[composed:])
                    if typed != letter and nfc(typed) == letter:
                        mappings[typed] = letter
    return tuple(f"{typed}=>{letter}" for typed, letter in sorted(mappings.items()))
