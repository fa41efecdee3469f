"""Numbers, prices, dates and truth values as feeds write them in many countries."""
# ruff: noqa: RUF001 - prices have signs and apostrophes that look like others

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ltr_plugin.validation import shorten

DecimalMark = Literal[".", ","]
DateOrder = Literal["d/m/y", "m/d/y"]

ABSENT = frozenset({"", "-", "--", "n/a", "null", "\\n", "#n/a", "nan", "none", "undefined", "nil"})
"""What exports write, in any case, where there is no number or date."""

SYMBOLS = {
    "€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "¥": "JPY", "円": "JPY", "元": "CNY", "rmb": "CNY", "₹": "INR",
    "rs": "INR", "₽": "RUB", "руб": "RUB", "₺": "TRY", "tl": "TRY", "₩": "KRW", "฿": "THB", "₫": "VND", "₪": "ILS",
    "₴": "UAH", "zł": "PLN", "zl": "PLN", "kč": "CZK", "kc": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "fr": "CHF",
    "sfr": "CHF", "r$": "BRL", "c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "mx$": "MXN", "nt$": "TWD", "eu": "EUR", "euro": "EUR", "euros": "EUR",
}  # fmt: skip
"""Currencies by how prices name them, in lower case. `kr` is not among them: four countries write it."""

_SHARED_SIGNS = ("$", "¥", "kr")

_NUMBER = re.compile(r"[+-]?(?:\d[\d.,'’` ]*|[.,]\d+)")
_BLANKS = re.compile(r"[\s\u00a0\u2007\u202f\u2009]+")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_GROUPS = re.compile(r"\d{1,3}(?:[.,'’` ]\d{3})+")
_EXCEL_FLOAT = re.compile(r"\d[.,]?\d*[eE]\+?\d+")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](.+))?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[ T](.+))?")
_SLASHES = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ T](.+))?")

_YES = "1 true t yes y ja j wahr oui o vrai si sì sí s vero verdadero on in_stock instock available backorder preorder"
_NO = "0 false f no n nein falsch non faux falso nee off out_of_stock outofstock unavailable -1"
TRUE, FALSE = (frozenset(words.split()) for words in (_YES, _NO))


@dataclass(frozen=True)
class NumberForm:
    """How a feed writes numbers and dates: its decimal mark, and the order of `03/04/2026`; None where it is not known.

    `currency` is that of prices which name none, or by a sign that several countries have.
    """

    decimal: DecimalMark | None = None
    dates: DateOrder | None = None
    currency: str = ""


def is_absent(text: str) -> bool:
    """Whether a value says that there is none."""
    return text.strip().lower() in ABSENT


def read_number(text: str, form: NumberForm) -> float:
    """The number. ValueError when it is none, or could be two."""
    number, rest = _split(text)
    if rest:
        raise ValueError(f"{shorten(text)} is no number")
    return _to_float(number, form, text)


def require_digits(text: str) -> None:
    """ValueError for a long number such as 4.01E+12, whose last digits a spreadsheet has dropped."""
    if _EXCEL_FLOAT.fullmatch(text):
        raise ValueError(f"{shorten(text)} is as a spreadsheet shortens long numbers; format the column as text")


def read_price(text: str, form: NumberForm) -> tuple[float, str]:
    """The amount, and the currency that it names, empty if none. ValueError when it is no price."""
    if _PLAIN.fullmatch(text) and (form.decimal == "." or "." not in text):
        return float(text), ""
    require_digits(text)
    number, rest = _split(text)
    name = rest.rstrip(".-–— ").strip().lower()
    if name in _SHARED_SIGNS and form.currency:
        return _to_float(number.rstrip(".,"), form, text), form.currency
    if name == "kr":
        raise ValueError(f"{shorten(text)}: `kr` is the currency of several countries; state `currency` in the mapping")
    currency = SYMBOLS.get(name, name.upper())
    if not number or (currency and not re.fullmatch(r"[A-Z]{3}", currency)):
        raise ValueError(f"{shorten(text)} is no price; write it as {_as('12.50', form)}, or {_as('12.50', form)} EUR")
    return _to_float(number.rstrip(".,"), form, text), currency


def decimal_mark(texts: Iterable[str]) -> DecimalMark | None:
    """The mark that these numbers have; None when none shows it, or when they differ."""
    marks: set[DecimalMark] = {mark for text in texts if (mark := _mark_of(_split(text)[0]))}
    return marks.pop() if len(marks) == 1 else None


def read_date(text: str, form: NumberForm) -> str:
    """The date or time as ISO 8601 writes it. ValueError when it could be two; one of no known form is as it was."""
    text = text.strip()
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year, time = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day, time = match.groups()
    elif match := _SLASHES.fullmatch(text):
        first, second, year, time = match.groups()
        order = form.dates or ("d/m/y" if int(first) > 12 else "m/d/y" if int(second) > 12 or first == second else None)
        if order is None:
            raise ValueError(
                f"{shorten(text)} could be two dates; state `dates: d/m/y` or `dates: m/d/y` in the mapping"
            )
        day, month = (first, second) if order == "d/m/y" else (second, first)
    else:
        return re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text) if "T" in text else text
    written = f"{year}-{int(month):02}-{int(day):02}"
    try:
        date.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"{shorten(text)} is no date: {error}") from None
    return f"{written}T{time}" if time else written


def read_boolean(text: str) -> bool:
    """Whether the value says yes. ValueError when it says neither yes nor no."""
    word = "_".join(text.strip().lower().split())
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise ValueError(f"{shorten(text)} is neither yes nor no; write true or false")


def in_period(start: str, end: str, today: date) -> bool:
    """Whether a day is within two dates, of which either may be missing; ValueError for what is no date."""
    return (not start or _day(start) <= today) and (not end or today <= _day(end))


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(read_date(text, NumberForm())).date()
    except ValueError:
        raise ValueError(f"{shorten(text)} is no date; write it as 2026-05-01") from None


def _split(text: str) -> tuple[str, str]:
    """The number in a text, and what is beside it. ValueError when there is none, or more than one."""
    text = _BLANKS.sub(" ", text.replace("\u2212", "-")).strip()
    match = _NUMBER.search(text)
    if not match:
        return "", text
    number = match[0].strip()
    return number, f"{text[: match.start()]}{text[match.end() :]}".strip()


def _mark_of(number: str) -> DecimalMark | None:
    """The decimal mark that a number shows; None if it could be one of thousands, or has none."""
    plain = re.sub(r"['’` +-]", "", number)
    dots, commas = plain.count("."), plain.count(",")
    if dots and commas:
        last: DecimalMark = "." if plain.rfind(".") > plain.rfind(",") else ","
        return last
    if dots + commas != 1:
        return ("," if dots > 1 else ".") if dots + commas > 1 else None
    mark: DecimalMark = "." if dots else ","
    whole, _, decimals = plain.partition(mark)
    grouped = re.search(r"\d['’` ]\d{3}", number) is not None
    return mark if grouped or len(decimals) != 3 or len(whole) > 3 or whole in ("", "0") else None


def _to_float(number: str, form: NumberForm, text: str) -> float:
    if not number:
        raise ValueError(f"{shorten(text)} is no number")
    plain = re.sub(r"['’` ]", "", number)
    mark = _mark_of(number)
    if mark is None and ("." in plain or "," in plain):
        mark = form.decimal
        if mark is None:
            raise ValueError(
                f"{shorten(text)} may be thousands or decimals; state `decimal: ','` or `decimal: '.'` in the mapping"
            )
    if mark:
        thousands = "," if mark == "." else "."
        whole, _, decimals = plain.rpartition(mark) if mark in plain else (plain, "", "")
        if mark in whole or thousands in decimals or (thousands in whole and not _is_grouped(whole.lstrip("+-"))):
            raise ValueError(f"{shorten(text)} is no number; write it as {_as('1299.50', form)}")
        plain = f"{whole.replace(thousands, '')}.{decimals or 0}"
    try:
        return float(plain)
    except ValueError:
        raise ValueError(f"{shorten(text)} is no number; write it as {_as('1299.50', form)}") from None


def _as(number: str, form: NumberForm) -> str:
    """A number with a decimal point as the feed would write it."""
    return number.replace(".", form.decimal or ".")


def _is_grouped(whole: str) -> bool:
    return bool(_GROUPS.fullmatch(whole) or re.fullmatch(r"\d{1,2}(?:,\d{2})*,\d{3}", whole))  # India: 12,34,567
