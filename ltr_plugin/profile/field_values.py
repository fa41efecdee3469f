"""What the values of a field in a sample of documents say about it: media, currencies, titles, descriptions."""

import re
from collections.abc import Callable, Mapping
from statistics import median

from ltr_plugin.profile.index_fields import NUMBER_TYPES, TEXT_TYPES, IndexField
from ltr_plugin.validation import shorten

MEDIA_FILES: Mapping[str, str] = {
    "images": "jpg jpeg png webp gif avif bmp tif tiff",
    "audio": "mp3 wav ogg flac m4a aac opus",
    "video": "mp4 webm mov mkv avi m4v",
}
"""The ends of names of files, by the part of a product that they are."""

MAX_EXAMPLE = 50
"""Characters of a value that is shown as an example."""

MIN_VALUES = 5
"""Values that a field needs before they say something."""

_CODES = "EUR USD GBP CHF JPY CNY SEK NOK DKK PLN CZK HUF AUD CAD NZD INR BRL MXN TRY RUB € $ £ ¥"
_CURRENCIES = frozenset(_CODES.split())
_URL = re.compile(r"(https?:)?//\S+", re.IGNORECASE)


def guess_by_values(part: str, fields: list[IndexField]) -> tuple[IndexField, str] | None:
    """The field whose values are this part of a product, and why; None where none is, or several are."""
    guess = _BY_VALUES.get(part)
    enough = [one for one in fields if len(one.values) >= MIN_VALUES]
    return guess(enough) if guess else None


def describe(one: IndexField) -> str:
    """The type, with a value of the sample, or the range of its numbers."""
    if not one.values:
        return one.type
    kind, first = one.type or "not mapped", one.values[0]
    numbers = [value for value in one.values if isinstance(value, int | float) and not isinstance(value, bool)]
    if numbers and one.type in NUMBER_TYPES:
        low, high = min(numbers), max(numbers)
        return f"{kind}, {low:g} to {high:g}" if low < high else f"{kind}, {low:g}"
    example = str(first).lower() if isinstance(first, bool) else shorten(first)
    return f"{kind}, such as {example if len(example) <= MAX_EXAMPLE else f'{example[:MAX_EXAMPLE]}...'}"


def is_reference(value: object, part: str | None = None) -> bool:
    """Whether a value is a URL or the path of a file of media; with `part`, whether it is a file of that kind."""
    if not isinstance(value, str):
        return False
    ending = value.partition("?")[0].rpartition(".")[2].lower()
    kinds = [part] if part else list(MEDIA_FILES)
    is_file = " " not in value.strip() and any(ending in MEDIA_FILES[kind].split() for kind in kinds)
    return is_file or (part is None and bool(_URL.fullmatch(value.strip())))


def has_references(one: IndexField) -> bool:
    """Whether all its values are URLs or paths of media, and there are some."""
    return bool(one.values) and all(map(is_reference, one.values))


def has_words(one: IndexField) -> bool:
    """Whether its values are words for the most part, and not references, numbers or codes without letters."""
    texts = [value for value in one.values if isinstance(value, str)]
    return sum(not is_reference(text) and any(map(str.isalpha, text)) for text in texts) * 2 > len(texts) > 0


def _only(fields: list[IndexField], reason: str) -> tuple[IndexField, str] | None:
    return (fields[0], reason) if len(fields) == 1 else None


def _media(part: str) -> Callable[[list[IndexField]], tuple[IndexField, str] | None]:
    def guess(fields: list[IndexField]) -> tuple[IndexField, str] | None:
        fitting = [one for one in fields if all(is_reference(value, part) for value in one.values)]
        return _only(fitting, f"its values are files of {part}")

    return guess


def _currency(fields: list[IndexField]) -> tuple[IndexField, str] | None:
    return _only([one for one in fields if set(one.values) <= _CURRENCIES], "its values are currencies")


def _title(fields: list[IndexField]) -> tuple[IndexField, str] | None:
    fitting = [
        one
        for one in fields
        if one.type in TEXT_TYPES
        and has_words(one)
        and median(len(str(value)) for value in one.values) <= 150
        and median(len(str(value).split()) for value in one.values) >= 2
        and len(set(one.values)) > 0.8 * len(one.values)
    ]
    return _only(fitting, "the one field of short texts that differ")


def _description(fields: list[IndexField]) -> tuple[IndexField, str] | None:
    fitting = [one for one in fields if one.type in TEXT_TYPES and median(len(str(v)) for v in one.values) > 80]
    return _only(fitting, "the one field of long texts")


_BY_VALUES: Mapping[str, Callable[[list[IndexField]], tuple[IndexField, str] | None]] = {
    **{part: _media(part) for part in MEDIA_FILES},
    "currency": _currency,
    "title": _title,
    "description": _description,
}
"""What values tell; other parts have values such as many a field has."""
