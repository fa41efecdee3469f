"""Which attributes a text of the demo's shop names."""

import re

from ltr_plugin.demo.language import load_language

_BOUNDS = {"en": (r"\b", r"\b"), "de": (r"\b", r"(e[rs]?)?\b"), "zh": ("", "")}
"""Around a word: German adjectives have endings, and Chinese has no blanks."""


def says(text: str, attribute: str, value: str, code: str = "en") -> bool:
    """Whether any word for the value occurs in the text, in either spelling."""
    language = load_language(code)
    words = language.words_for(attribute, value)
    for letter, plain in language.respelled.items():
        text, words = text.replace(letter, plain), tuple(word.replace(letter, plain) for word in words)
    start, end = _BOUNDS[code]
    return any(re.search(start + re.escape(word) + end, text, re.IGNORECASE) for word in words)
