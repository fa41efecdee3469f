"""The values of one record, each as the part of a product that its column is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ltr_plugin.errors import Problem
from ltr_plugin.feeds.amounts import (
    NumberForm,
    in_period,
    is_absent,
    read_boolean,
    read_date,
    read_number,
    read_price,
    require_digits,
)
from ltr_plugin.feeds.forms.form import Cell
from ltr_plugin.feeds.lists import split_levels, split_list
from ltr_plugin.feeds.mapping import PARTS, Rule
from ltr_plugin.feeds.records import location
from ltr_plugin.feeds.text import clean_line, clean_reference, clean_text

REGULAR_PRICE = "regular_price"
"""The attribute with the price before a reduction."""

Path = tuple[str, ...]

_LINES = frozenset({"id", "title", "brand", "model", "group", "currency"})
_LISTS = frozenset({"category", "ean", "images", "audio", "video"})
_DATES = frozenset({"sale_starts", "sale_ends"})
_REDUCED = frozenset({"sale_price", *_DATES})
_PRICES = frozenset({"price", "sale_price"})


@dataclass(frozen=True)
class Reading:
    """How values are read: the form of numbers, types of declared fields, and the day for reduced prices."""

    numbers: NumberForm
    today: date
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """The values of a record, of a product and of a variant, with the column of each, and its problems."""

    line: int
    product: dict[str, Any] = field(default_factory=dict)
    variant: dict[str, Any] = field(default_factory=dict)
    columns: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_row(line: int, cells: Iterable[Cell], reading: Reading) -> Row:
    """The values of a record."""
    row = Row(line)
    for cell in cells:
        of_variant = cell.rule.to.startswith("variants.")
        values, target = (row.variant, cell.rule.to[9:]) if of_variant else (row.product, cell.rule.to)
        try:
            path = _put(values, target, cell, reading)
        except ValueError as error:
            row.problems.append(Problem(location(line, cell.column), str(error)))
        else:
            if path:
                row.columns.setdefault(("variants", *path) if of_variant else path, cell.column)
    for values in (row.product, row.variant):
        if not _REDUCED.isdisjoint(values):
            _reduce(row, values, reading.today)
    if "price" in row.product or "price" in row.variant:
        currency = row.variant.pop("currency", "") or row.product.get("currency") or reading.numbers.currency
        if currency:
            row.product["currency"] = currency
    return row


def _put(values: dict[str, Any], target: str, cell: Cell, reading: Reading) -> Path | None:
    """Adds a value; the path at which the product has it, None for one that says that there is none."""
    text = cell.text
    if target in _LISTS:
        values[target] = list(dict.fromkeys([*values.get(target, ()), *_read_list(target, cell.rule, text)]))
    elif target in _LINES:
        if value := clean_line(text):
            values.setdefault(target, value)
    elif target == "description":
        value, before = clean_text(text), values.get(target, "")
        values[target] = f"{before}\n{value}" if before and value not in before else value or before
    elif target not in PARTS:
        return _put_named(values, target, cell.rule, text, reading)
    elif is_absent(text):
        return None
    elif target in _PRICES:
        amount, currency = read_price(text.strip(), reading.numbers)
        values.setdefault(target, amount)
        if currency:
            values.setdefault("currency", currency)
    elif target == "sale_dates":
        values["sale_starts"], _, values["sale_ends"] = text.partition("/")
    elif target in _DATES:
        values[target] = text.strip()
    else:  # released and changed
        is_number = target == "changed" and text.strip().isdigit()
        values.setdefault(target, int(text) if is_number else read_date(text, reading.numbers))
    return (target,)


def _read_list(target: str, rule: Rule, text: str) -> list[str]:
    if target == "category":
        return split_levels([clean_line(one) for one in split_list(text, rule.separator)], rule.levels)
    if target == "ean":
        return list(filter(None, map(_article_number, split_list(text, rule.separator or ","))))
    return [clean_reference(one) for one in split_list(text, rule.separator)]


def _put_named(values: dict[str, Any], target: str, rule: Rule, text: str, reading: Reading) -> Path | None:
    """An attribute, a number on shoppers' behaviour, or a declared field."""
    first, _, name = target.partition(".")
    type_ = rule.type or ("number" if first == "stats" else reading.types.get(rule.to, "text"))
    read = _reader(type_, reading)
    if type_ != "text" and is_absent(text):
        return None
    parts = split_list(text, rule.separator) if rule.separator else [text]
    read_values = [value for part in parts if (value := read(part)) not in ("", None)]
    if not read_values:
        return None
    is_map = first in ("attributes", "stats") and bool(name)
    into, key = (values.setdefault(first, {}), name) if is_map else (values, target)
    before = into.get(key)
    if before is not None:  # several columns of one name
        read_values = list(dict.fromkeys([*(before if isinstance(before, list) else [before]), *read_values]))
    into[key] = read_values[0] if len(read_values) == 1 and not (is_map and rule.separator) else read_values
    return (first, name) if is_map else (target,)


def _reader(type_: str, reading: Reading) -> Callable[[str], Any]:
    if type_ == "number":
        return lambda text: _whole(read_number(text, reading.numbers))
    if type_ == "boolean":
        return read_boolean
    if type_ == "date":
        return lambda text: read_date(text, reading.numbers)
    return clean_line if type_ == "keyword" else clean_text


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _article_number(text: str) -> str:
    """Without what spreadsheets put around it: `="0123"` or an apostrophe before it."""
    number = text.removeprefix("=").strip("\"' \t\u00a0")
    require_digits(number)
    return "" if is_absent(number) else "".join(number.split())


def _reduce(row: Row, values: dict[str, Any], today: date) -> None:
    """Lets the reduced price count while it does; the other one is an attribute then."""
    reduced = values.pop("sale_price", None)
    start, end = values.pop("sale_starts", ""), values.pop("sale_ends", "")
    prefix = ("variants",) if values is row.variant else ()
    column = row.columns.pop((*prefix, "sale_price"), "")
    if reduced is None:
        return
    try:
        counts = in_period(start, end, today)
    except ValueError as error:
        row.problems.append(Problem(location(row.line, row.columns.get((*prefix, "sale_ends"), column)), str(error)))
        return
    regular = values.get("price")
    if not counts or (regular is not None and reduced >= regular):
        return
    values["price"] = reduced
    row.columns[(*prefix, "price")] = column
    if regular is not None:
        values.setdefault("attributes", {})[REGULAR_PRICE] = _whole(regular)
