"""The parts that a catalog's compounds are made of, found in the catalog's own words.

A part is a word that also stands alone and that other words begin or end with, where the rest is a word as well; or an
end that at least three words share whose beginnings are words: `kabel` of `Kopfhörerkabel` where `Kopfhörer` occurs.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.unicode import nfc

MAX_PARTS = 5_000
"""Parts of an index: those that most compounds have."""

MAX_WORDS = 200_000
"""Words of a catalog that are looked at, the most frequent ones."""

_WORD = re.compile(r"[^\W\d_]{3,40}")
_LINKS = ("s", "es", "n", "en", "e", "er")
"""Letters between the parts of a compound, as in `Arbeitsjacke`."""

_MIN_HEAD, _MIN_TAIL, _MIN_SHARED_TAIL, _MIN_SHARING = 4, 3, 5, 3


def catalog_words(products: Iterable[Product]) -> list[str]:
    """The words of products' titles, categories, attributes and descriptions in lower case, the frequent ones first."""
    counts: Counter[str] = Counter()
    for product in products:
        text = (product.title, product.description, *product.category, product.attribute_text())
        counts.update({word for part in text for word in _WORD.findall(nfc(part).lower())})
        if len(counts) > 2 * MAX_WORDS:
            counts = Counter(dict(counts.most_common(MAX_WORDS)))
    return [word for word, _ in counts.most_common(MAX_WORDS)]


def compound_parts(stems: Collection[str]) -> list[str]:
    """The parts of the compounds among the stems of a catalog, at most MAX_PARTS, those of most compounds first."""
    known = frozenset(stems)
    used: Counter[str] = Counter()
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for word in known:
        for head, tail in _splits(word, known):
            if tail in known:
                used[tail] += 1
                if len(head) >= _MIN_HEAD:
                    used[head] += 1
            elif len(tail) >= _MIN_SHARED_TAIL and not any(tail.removeprefix(link) in known for link in _LINKS):
                shared[tail].add(head)
    for tail, heads in shared.items():
        if len(heads) >= _MIN_SHARING:
            used[tail] += len(heads)
            used.update(head for head in heads if len(head) >= _MIN_HEAD)
    return sorted(sorted(used), key=used.__getitem__, reverse=True)[:MAX_PARTS]


def _splits(word: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """A word's beginnings that are words, without the letters that link them to the rest, each with that rest."""
    for end in range(3, len(word) - _MIN_TAIL + 1):
        head, tail = word[:end], word[end:]
        if head in known:
            yield head, tail
        else:
            yield from ((bare, tail) for link in _LINKS if (bare := head.removesuffix(link)) in known and bare != head)
