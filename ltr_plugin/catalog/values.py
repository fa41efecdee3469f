"""The values that a product may have: within what the cluster takes, so that one wrong value is one clear message."""

import math
import re
from datetime import date, datetime, timedelta
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BeforeValidator, FiniteFloat, Strict, StringConstraints

from ltr_plugin.unicode import nfc
from ltr_plugin.validation import shorten

MAX_ID_BYTES = 512
"""Bytes of a product's id in UTF-8, the cluster's limit."""

MAX_KEYWORD_BYTES = 512
"""Bytes of a value that the index keeps as one word, far below Lucene's limit of 32,766."""

MAX_FLOAT32 = 3.4028234663852886e38
MAX_VALUE = 1e16
"""The greatest absolute value of a declared number, which is that of features."""

MAX_STATS, MAX_ATTRIBUTES = 100, 10_000

_ID = re.compile(r"[^\s\x00-\x1f]+")
_STAT_NAME = re.compile(r"[\w-]{1,64}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?")
_MAX_OFFSET = timedelta(hours=18)

Scalar = bool | int | float | str


def _identifier(value: str) -> str:
    if not _ID.fullmatch(value) or len(value.encode()) > MAX_ID_BYTES:
        raise ValueError(
            f"{shorten(value)} is no id; use at most {MAX_ID_BYTES} bytes of UTF-8, no blanks and no control characters"
        )
    return value


def _keyword(value: str) -> str:
    if len(value.encode()) > MAX_KEYWORD_BYTES:
        raise ValueError(f"{shorten(value)} is longer than {MAX_KEYWORD_BYTES} bytes of UTF-8; shorten it")
    return nfc(value)


def _stat_name(value: str) -> str:
    if not _STAT_NAME.fullmatch(value):
        raise ValueError(f"{shorten(value)} is no name of a number; use 1 to 64 letters, digits, '_' and '-'")
    return value


def _stat(value: float) -> float:
    if abs(value) > MAX_FLOAT32:
        raise ValueError(f"{value:g} is outside of what the index keeps, -3.4e38 to 3.4e38; write a smaller number")
    return value


def _attribute_name(value: str) -> str:
    return _keyword(value) if value else _fail("an attribute needs a name")


def _attribute(value: object) -> Scalar | tuple[Scalar, ...]:
    return tuple(map(_scalar, value)) if isinstance(value, list | tuple) else _scalar(value)


def _scalar(value: object) -> Scalar:
    if isinstance(value, str):
        if not value.isascii():
            _require_unicode(value)
        return nfc(value).strip()
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else _fail(f"{shorten(value)} has over 64 bits; write it as text")
    if isinstance(value, float):
        return value if math.isfinite(value) else _fail(f"{value} is no finite number; leave it out")
    return _fail(f"{shorten(value)} is no text, number, true or false, and no list of these")


def _require_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        _fail(f"{shorten(value)} has half a character (a lone surrogate); remove it")


def read_keyword(value: object) -> str:
    """A keyword: a text, or a number as a text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        _fail(f'{shorten(value)} is no text; write a text such as "red"')
    _require_unicode(value)
    return _keyword(value.strip())


def read_text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        _fail(f"{shorten(value)} is no text; write it in quotes")
    _require_unicode(value)
    return nfc(value).strip()


def read_number(value: object) -> int | float:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        _fail(f"{shorten(value)} is no number; write it without quotes, such as 4.5")
    if not abs(value) <= MAX_VALUE:
        _fail(f"{shorten(value)} is outside of what features compute with, -1e16 to 1e16")
    return value


def read_boolean(value: object) -> bool:
    """True or false."""
    return value if isinstance(value, bool) else _fail(f"{shorten(value)} is neither true nor false")


def read_date(value: object) -> date | datetime:
    """A date or a time, as ISO 8601 writes it."""
    if isinstance(value, date):  # as a datetime is
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            read = (date if len(value.strip()) == 10 else datetime).fromisoformat(value.strip())
        except ValueError as error:
            _fail(f"{shorten(value)} is no date: {error}")
        if not isinstance(read, datetime) or abs(read.utcoffset() or timedelta()) <= _MAX_OFFSET:
            return read
    return _fail(f"{shorten(value)} is no date; write it as text, such as 2026-05-01 or 2026-05-01T12:00:00Z")


def _fail(message: str) -> NoReturn:
    raise ValueError(message)


def paths_above(path: str) -> list[str]:
    """The paths that a field's path is below, the outermost first: `a` and `a.b` of `a.b.c`."""
    steps = path.split(".")
    return [".".join(steps[:length]) for length in range(1, len(steps))]


FieldPath = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\s^*{}\"]+$")]
"""The path of a field of an index, such as `price` or `price.net`."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]
"""Such a path that query strings and expressions can name."""

Text = Annotated[str, AfterValidator(nfc)]
"""A text in NFC."""

Identifier = Annotated[str, AfterValidator(_identifier)]
Keyword = Annotated[str, AfterValidator(_keyword)]
Number = Annotated[FiniteFloat, Strict()]
Released = Annotated[date | datetime, BeforeValidator(read_date)]
StatName = Annotated[str, AfterValidator(_stat_name)]
Stat = Annotated[Number, AfterValidator(_stat)]
AttributeName = Annotated[str, AfterValidator(_attribute_name)]
AttributeValue = Annotated[Scalar | tuple[Scalar, ...], BeforeValidator(_attribute)]
