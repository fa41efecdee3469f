"""The parts that a catalog's compounds are made of, found in the catalog's own words.

A part is a word that also stands alone and that others begin or end with, where the rest is a word as well; or an end
that at least three words share whose beginnings are words: `kabel`, where `Kopfhörer` and `Netz` stand alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from ltr_plugin.catalog.localized import texts_in
from ltr_plugin.catalog.product import Product
from ltr_plugin.unicode import nfc

PARTS = "parts"
"""The subfield of a text in which compounds are found by their parts."""

MAX_PARTS = 5_000
"""Parts of an index: those that most compounds have."""

MAX_WORDS = 200_000
"""Words of a catalog that are looked at, the most frequent ones."""

_WORD = re.compile(r"[^\W\d_]{3,40}")
_ENDINGS = ("s", "es", "n", "en", "e", "er")
"""Letters that a word has at the end of one of its forms, or before the next part, as in `Arbeitsjacken`."""

_MIN_HEAD, _MIN_TAIL, _MIN_SHARED_TAIL, _MIN_SHARING = 4, 3, 5, 3


def catalog_words(products: Iterable[Product], codes: Collection[str] = ()) -> list[str]:
    """The words of products' titles, categories, attributes and descriptions in lower case, the frequent ones first.

    Of texts in several languages they are those in the languages of these codes.
    """
    counts: Counter[str] = Counter()
    for product in products:
        parts = (product.title, product.description, product.category)
        text = (*(one for part in parts for one in texts_in(part, codes)), product.attribute_text())
        counts.update({word for part in text for word in _WORD.findall(nfc(part).lower())})
        if len(counts) > 2 * MAX_WORDS:
            counts = Counter(dict(counts.most_common(MAX_WORDS)))
    return [word for word, _ in counts.most_common(MAX_WORDS)]


def compound_parts(words: Collection[str]) -> list[str]:
    """The parts of the compounds among the words of a catalog, at most MAX_PARTS, those of most compounds first.

    The words are in lower case, with accents folded as the index has them.
    """
    known = frozenset(words)
    used: Counter[str] = Counter()
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for word in known:
        for end in range(3, len(word) - _MIN_TAIL + 1):
            heads, tail = _known_forms(word[:end], known), word[end:]
            tails = _known_forms(tail, known)
            if heads and tails:
                used.update(tails)
                used.update(head for head in heads if len(head) >= _MIN_HEAD)
            elif (
                heads and len(tail) >= _MIN_SHARED_TAIL and not any(tail.removeprefix(one) in known for one in _ENDINGS)
            ):
                shared[tail].update(heads)
    for tail, heads in shared.items():
        if len(heads) >= _MIN_SHARING:
            used[tail] += len(heads)
            used.update(head for head in heads if len(head) >= _MIN_HEAD)
    return sorted(sorted(used), key=used.__getitem__, reverse=True)[:MAX_PARTS]


def _known_forms(part: str, known: Collection[str]) -> set[str]:
    """The words that a part of a compound may be a form of; those with fewer than three letters are none."""
    forms = {part, *(part.removesuffix(ending) for ending in _ENDINGS)}
    return {form for form in forms if len(form) >= _MIN_TAIL and form in known}
