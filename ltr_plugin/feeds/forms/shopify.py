"""Shopify's product CSV, of before and after its columns were renamed in 2025."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from ltr_plugin.feeds.forms.form import UNPUBLISHED, Cell, Form, Option, attribute_name, has_all, is_no, left_out
from ltr_plugin.feeds.mapping import FormName, Rule
from ltr_plugin.feeds.records import Record

_METAFIELD = re.compile(r"(.+?)\s*\(product\.metafields\.[^)]*\)", re.IGNORECASE)
_OPTION = re.compile(r"option([123]) (name|value|linked to)", re.IGNORECASE)
_UNUSED = re.compile(
    r"^(included|price|compare at price) /|^variant (grams|weight|tax|inventory (tracker|policy)|fulfillment|requires"
    r"|cost)|^unit price|^seo |^google shopping / (ad|custom product)|^weight |^image (position|alt|width|height)|tax"
)
DEFAULT_OPTION = "Default Title"
"""The value of the only variant of a product without options."""

_PRICE, _EAN, _SKU = Rule(to="variants.price"), Rule(to="variants.ean"), Rule(to="variants.id")
_REGULAR_PRICE = Rule(to="variants.attributes.regular_price", type="number")
_STOCK = Rule(to="variants.attributes.stock", type="number")


class ShopifyForm(Form):
    """A line for each variant and each further photo; lines with the same handle are one product."""

    name: ClassVar[FormName] = "shopify"
    lines_are_variants: ClassVar[bool] = False
    preset: ClassVar[Mapping[str, Rule | None]] = {
        "handle": Rule(to="id"),
        "url handle": Rule(to="id"),
        "title": Rule(to="title"),
        "body (html)": Rule(to="description"),
        "description": Rule(to="description"),
        "vendor": Rule(to="brand"),
        "product category": Rule(to="category", levels=">"),
        "standard product type": Rule(to="category", levels=">"),
        "type": Rule(to="category"),
        "custom product type": Rule(to="category"),
        "tags": Rule(to="attributes.tags", separator=","),
        "variant sku": _SKU,
        "sku": _SKU,
        "variant price": _PRICE,
        "price": _PRICE,
        "variant compare at price": _REGULAR_PRICE,
        "compare-at price": _REGULAR_PRICE,
        "variant barcode": _EAN,
        "barcode": _EAN,
        "variant inventory qty": _STOCK,
        "inventory quantity": _STOCK,
        "image src": Rule(to="images"),
        "product image url": Rule(to="images"),
        "variant image": Rule(to="images"),
        "variant image url": Rule(to="images"),
        "google shopping / mpn": Rule(to="model"),
        "google shopping / manufacturer part number (mpn)": Rule(to="model"),
        "google shopping / gender": Rule(to="attributes.gender"),
        "google shopping / age group": Rule(to="attributes.age_group"),
        "google shopping / condition": Rule(to="attributes.condition"),
        **left_out(
            "published", "published on online store", "published at", "published scope", "status", "gift card",
            "cost per item", "charge tax", "inventory tracker", "continue selling when out of stock",
            "requires shipping", "fulfillment service", "google shopping / google product category", "collection",
            "command", "template suffix", "url", "created at", "updated at",
        ),
    }  # fmt: skip

    @classmethod
    def fits(cls, header: Iterable[str]) -> bool:
        """Whether a table has the columns of this form."""
        names = {column.lower() for column in header}
        old = {"body (html)", "variant price", "variant sku", "option1 name", "image src", "vendor"}
        return has_all(names, "url handle", "title") or (has_all(names, "handle", "title") and bool(names & old))

    def preset_rule(self, column: str) -> Rule | Literal[False] | None:
        """Metafields are attributes by their own names; what only says how a product is sold or taxed is left out."""
        plain = column.lower()
        if plain in self.preset:
            return self.preset[plain]
        if match := _METAFIELD.fullmatch(column):
            return Rule(to=f"attributes.{attribute_name(match[1])}", separator=";")
        return None if _OPTION.fullmatch(column) or _UNUSED.search(plain) else False

    def has_groups(self, columns: Sequence[str] | None) -> bool:
        """Every product is a group."""
        del columns
        return True

    def group(self, record: Record) -> str:
        """The handle."""
        return self.id(record)

    def hidden_as(self, record: Record) -> str:
        """The status of a product that is no active one, or that it is not published in the online shop."""
        values = {column.lower(): text.strip() for column, text in record.values if text}
        if is_no(status := values.get("status", "")):
            return status.lower()
        is_unpublished = any(is_no(values.get(name, "")) for name in ("published", "published on online store"))
        return UNPUBLISHED if is_unpublished else ""

    def rows(self, records: Sequence[Record]) -> list[list[Cell]]:
        """With the options of each variant as its attributes, unless the mapping says what their columns are."""
        rows = [[cell for cell in cells if not _is_default(cell)] for cells in super().rows(records)]
        for cells, options in zip(rows, self.options(records), strict=True):
            cells.extend(self.option_cells(options, variant=True))
        return rows

    def is_of_options(self, column: str) -> bool:
        """Whether it is one of `Option1 Name` and `Option1 Value`, or the like."""
        return bool(_OPTION.fullmatch(column))

    def options(self, records: Sequence[Record]) -> list[list[Option]]:
        """The options of each variant; only the first line of a product names them."""
        names: dict[tuple[str, str], str] = {}
        return [list(self._options(record, names)) for record in records]

    def _options(self, record: Record, names: dict[tuple[str, str], str]) -> Iterator[Option]:
        values = {column.lower(): (column, text.strip()) for column, text in record.values if text}
        handle = self.group(record)
        for number in "123":
            if name := values.get(f"option{number} name", ("", ""))[1]:
                names.setdefault((handle, number), name)
            column, value = values.get(f"option{number} value", ("", ""))
            if value and value != DEFAULT_OPTION:
                yield Option(column, names.get((handle, number), f"option {number}"), value)


def _is_default(cell: Cell) -> bool:
    return cell.text.strip() == DEFAULT_OPTION and bool(_OPTION.fullmatch(cell.column))
