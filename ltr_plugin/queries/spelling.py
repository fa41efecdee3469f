"""Corrections of a text by the words of an index: what to ask the cluster for them, and how to read its responses.

The cluster's term suggester has words near a mistyped one, and searches say which of them are together in a product,
as the collation of a phrase suggester does; so no field needs shingles, and fields with stems will do.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from ltr_plugin.queries.suggesting import typed_words
from ltr_plugin.unicode import without_accents

MIN_LETTERS = 4
"""Letters of words that are corrected."""

TWO_ERRORS = 6
"""Letters from which a word may have two errors."""

MAX_CHOICES, MAX_TEXTS = 4, 12
"""Words that each mistyped one may stand for, and texts with them that are tried."""

EDIT_PENALTY = 2.0
"""What an error costs: a word that is one error farther away must be in a hundred times as many products."""

OPEN, CLOSE = "\ue000", "\ue001"
"""Marks around words in highlights: letters that no text has."""

_MARKED = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)

Clause = dict[str, Any]


@dataclass(frozen=True)
class Correction:
    """A text with words of the index: `parts` are those of the text, `changed` the positions of the corrected ones.

    `edits` is the number of errors that it corrects.
    """

    parts: tuple[str, ...]
    changed: tuple[int, ...]
    edits: int

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.parts)

    def with_words_of(self, fragments: Iterable[str]) -> "Correction":
        """The correction with its words as products write them, by their highlights: an index has words without
        accents, or their stems."""
        marked = [word for fragment in fragments for word in _MARKED.findall(fragment)]
        parts = list(self.parts)
        for position in self.changed:
            term = parts[position]
            near = [(abs(len(word) - len(term)), word) for word in marked if _is_form(word, term)]
            if near:
                parts[position] = min(near)[1].lower()
        return Correction(tuple(parts), self.changed, self.edits)


def words_request(text: str, fields: Mapping[str, str], searched: Sequence[str]) -> Clause:
    """The search for the words of a text that no product has in a field of `searched`, and for words near them.

    `fields` are those whose words corrections are of, each with the analyzer of products, which leaves synonyms out.
    """
    known = {
        str(position): {"multi_match": {"query": word, "fields": list(searched), "operator": "and"}}
        for position, word in enumerate(typed_words(text))
    }
    term = {"suggest_mode": "missing", "size": 2 * MAX_CHOICES, "prefix_length": 1, "min_word_length": MIN_LETTERS}
    return {
        "size": 0,
        "track_total_hits": False,
        "aggs": {"known": {"filters": {"filters": known}}},
        "suggest": {
            "text": " ".join(typed_words(text)),
            **{field: {"term": {"field": field, "analyzer": analyzer, **term}} for field, analyzer in fields.items()},
        },
    }


def corrections(text: str, response: Mapping[str, Any]) -> list[Correction]:
    """The corrections of a text by the response to `words_request`, the likeliest first; none where all of its words
    are known, or no word is near."""
    words = typed_words(text)
    joined = " ".join(words)
    counts = response["aggregations"]["known"]["buckets"]
    unknown = [bool(counts[str(position)]["doc_count"] == 0) for position in range(len(words))]
    places = _places(joined)
    choices: dict[tuple[int, int], dict[str, tuple[float, int]]] = {}
    for entries in response.get("suggest", {}).values():
        for entry in entries:
            start, end = places[entry["offset"]], places[entry["offset"] + entry["length"]]
            if unknown[joined.count(" ", 0, start)] and not any(map(str.isdigit, joined[start:end])):
                near = choices.setdefault((start, end), {})
                for option in entry["options"]:
                    _add(near, entry["text"], option)
    spans = sorted(span for span, near in choices.items() if near)
    spans = [one for at, one in enumerate(spans) if at == 0 or one[0] >= spans[at - 1][1]]
    if not spans:
        return []
    best = [sorted(choices[span].items(), key=lambda one: -one[1][0])[:MAX_CHOICES] for span in spans]
    mixed = sorted(product(*best), key=lambda mix: -sum(likely for _, (likely, _) in mix))
    return [_corrected(joined, spans, mix) for mix in islice(mixed, MAX_TEXTS)]


def _places(text: str) -> list[int]:
    """The position in a text by the cluster's, which counts letters beyond 65,535, such as emojis, twice."""
    places = [at for at, letter in enumerate(text) for _ in range(2 if ord(letter) > 0xFFFF else 1)]
    return [*places, len(text)]


def _add(near: dict[str, tuple[float, int]], typed: str, option: Mapping[str, Any]) -> None:
    """Adds a word with its likelihood and its errors, where it has few enough of them."""
    word = str(option["text"])
    errors = edits(typed, word)
    if 0 < errors <= (2 if len(typed) >= TWO_ERRORS else 1):
        likely = likelihood(int(option["freq"]), errors)
        near[word] = max(near.get(word, (likely, errors)), (likely, errors))


def _corrected(text: str, spans: Sequence[tuple[int, int]], mix: Sequence[tuple[str, tuple[float, int]]]) -> Correction:
    parts: list[str] = []
    changed: list[int] = []
    end_before = 0
    for (start, end), (word, _) in zip(spans, mix, strict=True):
        parts += [text[end_before:start], word]
        changed.append(len(parts) - 1)
        end_before = end
    return Correction((*parts, text[end_before:]), tuple(changed), sum(errors for _, (_, errors) in mix))


def likelihood(products: int, errors: int) -> float:
    """How likely a text of so many products is meant by one with so many errors, as a logarithm of base 10."""
    return math.log10(1 + products) - EDIT_PENALTY * errors


def together_request(correction: Correction, searched: Sequence[str], shown: Sequence[str]) -> Clause:
    """The search for the products that have all words of a correction, with marks around these in `shown` fields."""
    words = [
        {"multi_match": {"query": word, "fields": list(searched), "operator": "and"}}
        for word in correction.text.split()
    ]
    return {
        "size": 5,
        "_source": False,
        "query": {"bool": {"must": words}},
        "highlight": {
            "pre_tags": [OPEN],
            "post_tags": [CLOSE],
            "number_of_fragments": 1,
            "fields": {field: {} for field in shown},
        },
    }


def fragments_of(response: Mapping[str, Any]) -> Iterator[str]:
    """The parts of texts with marked words in the hits of a response."""
    for hit in response["hits"]["hits"]:
        for parts in hit.get("highlight", {}).values():
            yield from parts


def edits(one: str, other: str) -> int:
    """The least number of letters that are wrong, missing or too many, or of neighbours that are swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [at]
        for place, own in enumerate(other, start=1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != own))
            if at > 1 and place > 1 and letter == other[place - 2] and own == one[at - 2]:
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
    return row[-1]


def _is_form(word: str, term: str) -> bool:
    """Whether a word of a product may have become this term of the index."""
    plain, folded = without_accents(word.casefold()), without_accents(term)
    return plain == folded or plain.startswith(folded[: max(3, len(folded) - 2)])
