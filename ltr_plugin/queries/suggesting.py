"""Suggestions while typing: the query that finds products by the beginning of a word, and values that match a text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ltr_plugin.unicode import nfc, without_accents

MAX_WORDS, MAX_LETTERS = 8, 40
"""Words of a text that count, and letters of each."""

MIN_INFIX, MIN_TYPO, MAX_TYPO = 3, 4, 12
"""Letters from which a word is looked for inside of words; and from which, and up to which, with a typing error."""

FUZZINESS = f"AUTO:{MIN_TYPO},8"
"""One error in a word of four letters, two from eight on."""

MAX_VALUES = 1000
"""Values of a field, the most frequent ones, among which suggestions are found."""

Clause = dict[str, Any]


@dataclass(frozen=True)
class SuggestFields:
    """Where products are looked for: `forms` has the words of products in forms that analyzers bring together, `words`
    has them as they are written, and `inside` is of these the one whose words are looked into."""

    forms: tuple[str, ...]
    words: tuple[str, ...]
    inside: tuple[str, ...]


def typed_words(text: str) -> list[str]:
    """The words of a text as far as they count, in NFC."""
    return [word[:MAX_LETTERS] for word in nfc(text).split()[:MAX_WORDS]]


def product_query(
    words: Sequence[str], fields: SuggestFields, popular: object = None, *, tolerant: bool = False
) -> Clause:
    """Products that have all words, of which the last may be the beginning of one.

    Where the search is `tolerant`, the last word may stand inside of another one, and words may have a typing error,
    which is never in the first letter; exact words count most, then those inside. It takes about three times as long.
    `popular` is a clause that orders products that match alike.
    """
    *before, last = words
    required = [*(_best(_whole(word, fields, tolerant)) for word in before), _best(_begun(last, fields, tolerant))]
    return {"bool": {"must": required, **({"should": [popular]} if popular else {})}}


def _best(clauses: list[Clause]) -> Clause:
    return {"dis_max": {"queries": clauses}}


def _whole(word: str, fields: SuggestFields, tolerant: bool) -> list[Clause]:
    match = {"query": word, "operator": "and"}
    clauses: list[Clause] = [{"multi_match": {**match, "fields": [*fields.words, *fields.forms], "boost": 4}}]
    if tolerant and len(word) >= MIN_TYPO:
        fuzzy = {"fuzziness": FUZZINESS, "prefix_length": 1, "max_expansions": 20}
        clauses.append({"multi_match": {**match, "fields": [*fields.words], **fuzzy}})
    return clauses


def _begun(word: str, fields: SuggestFields, tolerant: bool) -> list[Clause]:
    begun = {"query": word, "fields": list(fields.words), "operator": "and", "type": "bool_prefix", "boost": 4}
    clauses = [{"multi_match": begun}, *_whole(word, fields, tolerant)]
    if not (tolerant and word.isalnum()):  # so no letter has a meaning in a pattern
        return clauses
    patterns = [("wildcard", f"*{form}*", 0.5) for form in _forms(word) if len(word) >= MIN_INFIX]
    if MIN_TYPO <= len(word) <= MAX_TYPO:
        patterns += [("regexp", typo_pattern(form), 0.1) for form in _forms(word)]
    return clauses + [_pattern(kind, path, value, boost) for path in fields.inside for kind, value, boost in patterns]


def _pattern(kind: str, path: str, value: str, boost: float) -> Clause:
    return {kind: {path: {"value": value, "case_insensitive": True, "boost": boost}}}


def _forms(word: str) -> list[str]:
    """The word in lower case, and without accents: patterns are not analyzed, so one of them is as the index has it."""
    lower = word.lower()
    return list(dict.fromkeys((lower, without_accents(lower))))


def typo_pattern(word: str) -> str:
    """A regular expression (Lucene's) of words that begin with this one or with a form that is one error away from it:
    a letter that is wrong, missing or too much, or two that are swapped. The first letter is right.

    `word` has letters and digits alone.
    """
    return f"{word[0]}{_one_error(word[1:])}.*"


def _one_error(word: str) -> str:
    if not word:
        return ""
    first, rest = word[0], word[1:]
    forms = [f"{first}{_one_error(rest)}", f".{rest}", f".{word}", rest]
    if rest and rest[0] != first:
        forms.append(f"{rest[0]}{first}{rest[1:]}")
    return f"({'|'.join(forms)})" if rest else f"({first}|.|.{first})?"


def values_request(fields: Mapping[str, str]) -> Clause:
    """The search that counts the values of fields, by a name of each."""
    counted = {name: {"terms": {"field": path, "size": MAX_VALUES}} for name, path in fields.items()}
    return {"size": 0, "track_total_hits": False, "aggs": counted}


@dataclass(frozen=True)
class SuggestedValue:
    """A value that `count` products have. `filter` is the name of the filter by it; None where there is none."""

    value: str
    count: int
    filter: str | None = None

    @cached_property
    def folded(self) -> str:
        """In lower case, and without accents."""
        return fold(self.value)

    @cached_property
    def words(self) -> list[str]:
        """Its words, folded."""
        return _words_of(self.folded)


def fold(text: str) -> str:
    """The text as texts are compared here: in lower case, and without accents."""
    return without_accents(text.casefold())


def matching_values(text: str, values: Iterable[SuggestedValue], size: int) -> list[SuggestedValue]:
    """The values that match a text, best first: those that begin with it, those with words that begin with its words,
    those that have them inside of words; and only where there are none, those with a typing error."""
    words = [fold(word) for word in typed_words(text)]
    if not words:
        return []
    known = list(values)
    ranked = [(rank, one) for one in known if (rank := _rank(words, one)) is not None]
    if not ranked:
        ranked = [(0, one) for one in known if all(_has_with_typo(word, one.words) for word in words)]
    ranked.sort(key=lambda pair: (pair[0], -pair[1].count, pair[1].value))
    return [one for _, one in ranked[:size]]


def _rank(words: Sequence[str], one: SuggestedValue) -> int | None:
    if one.folded.startswith(" ".join(words)):
        return 0
    if all(any(own.startswith(word) for own in one.words) for word in words):
        return 1
    # letters of some scripts are whole words, which no blank separates
    inside = all(word in one.folded and (len(word) >= MIN_INFIX or not word.isascii()) for word in words)
    return 2 if inside else None


def _has_with_typo(word: str, own: Iterable[str]) -> bool:
    return any(begins_with_typo(one, word) if len(word) >= MIN_TYPO else one.startswith(word) for one in own)


def begins_with_typo(word: str, typed: str) -> bool:
    """Whether a word begins with what is typed, but for one error, which is not in the first letter."""
    if not word or word[0] != typed[0]:
        return False
    same = next((at for at, (a, b) in enumerate(zip(word, typed, strict=False)) if a != b), min(len(word), len(typed)))
    own, rest = word[same:], typed[same:]
    return (
        len(rest) <= 1
        or own[1:].startswith((rest[1:], rest))
        or own.startswith((rest[1:], rest[1] + rest[0] + rest[2:]))
    )


def _words_of(folded: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in folded).split()
