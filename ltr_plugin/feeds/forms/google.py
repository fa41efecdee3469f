"""Google Merchant Center's product data: the attributes of its specification, as TSV, CSV or XML."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, Literal

from ltr_plugin.feeds.forms.form import Cell, Form, Option, attribute_name, left_out
from ltr_plugin.feeds.lists import split_list
from ltr_plugin.feeds.mapping import FormName, Rule
from ltr_plugin.feeds.records import Record
from ltr_plugin.feeds.xml_items import PART

_IMAGES = Rule(to="images", separator=",")
_LOGISTICS = re.compile(
    r"shipping|tax|ads?_|handling|destination|installment|subscription|loyalty|cost_of_goods|transit"
)
_OWN = {"image_link", "availability", "google_product_category", "gtin", "item_group_id", "condition", "link", "mpn"}
_DETAIL = "product_detail"
_STRUCTURED = {"structured_title": "title", "structured_description": "description"}


class GoogleForm(Form):
    """One line or item for each variant; those with the same `item_group_id` are one product."""

    name: ClassVar[FormName] = "google"
    preset: ClassVar[Mapping[str, Rule | None]] = {
        **{part: Rule(to=part) for part in ("id", "title", "description", "brand", "price", "sale_price")},
        "summary": Rule(to="description"),
        "content": Rule(to="description"),
        "sale_price_effective_date": Rule(to="sale_dates"),
        "item_group_id": Rule(to="group"),
        "gtin": Rule(to="ean", separator=","),
        "mpn": Rule(to="model"),
        "image_link": _IMAGES,
        "additional_image_link": _IMAGES,
        "lifestyle_image_link": _IMAGES,
        "product_type": Rule(to="category", separator=",", levels=">"),
        "google_product_category": Rule(to="category", levels=">"),
        "color": Rule(to="attributes.color", separator="/"),
        "material": Rule(to="attributes.material", separator="/"),
        "product_highlight": Rule(to="attributes.product_highlight", separator=","),
        "video_link": Rule(to="video", separator=","),
        **left_out(
            "link", "mobile_link", "canonical_link", "identifier_exists", "adult", "promotion_id", "pause", "updated",
            "published", "author", "pubdate", "guid", "virtual_model_link", "external_seller_id", "short_title",
            "expiration_date", "auto_pricing_min_price", "maximum_retail_price", "display_ads_id",
        ),
    }  # fmt: skip

    @classmethod
    def fits(cls, header: Iterable[str]) -> bool:
        """Whether a table has the columns of this form."""
        names = {_plain(column) for column in header}
        return {"id", "title"} <= names and len(names & _OWN) >= 2

    def preset_rule(self, column: str) -> Rule | Literal[False] | None:
        """By the name without `g:` and with `_` for blanks; what only says how a product is shipped or advertised is
        left out."""
        plain = _plain(column)
        if plain in self.preset:
            return self.preset[plain]
        return None if _LOGISTICS.search(plain) else Rule(to=f"attributes.{attribute_name(plain)}")

    def cells(self, record: Record) -> list[Cell]:
        """With an attribute for each product detail."""
        cells = super().cells(record)
        plain = {cell.column: _plain(cell.column) for cell in cells}
        if any(name == _DETAIL or name in _STRUCTURED for name in plain.values()):
            cells = [one for cell in cells for one in self._expand(cell, plain[cell.column], plain.values())]
        if any(cell.rule.to == "category" for cell in cells):
            cells = _without_taxonomy(cells, plain)
        return cells

    def _expand(self, cell: Cell, plain: str, others: Iterable[str]) -> list[Cell]:
        if cell.rule.to != f"attributes.{plain}":  # the mapping says what it is
            return [cell]
        if plain in _STRUCTURED:
            part = _STRUCTURED[plain]
            content = re.split(f"{PART}|(?<=^trained_algorithmic_media):|(?<=^default):", cell.text)[-1].strip('" ')
            return [] if part in others else [Cell(cell.column, Rule(to=part), content)]
        if plain != _DETAIL:
            return [cell]
        return [
            Cell(cell.column, rule, option.text)
            for option in _details(cell.column, cell.text)
            if (rule := self.option(option.name))
        ]

    def options(self, records: Sequence[Record]) -> list[list[Option]]:
        """The product details of each item."""
        return [
            [one for column, text in record.values if _plain(column) == _DETAIL for one in _details(column, text)]
            for record in records
        ]


def _details(column: str, text: str) -> Iterator[Option]:
    details = [text.split(PART)] if PART in text else [one.split(":", 2) for one in split_list(text, ",")]
    for parts in details:
        if len(parts) > 1 and (name := parts[-2].strip()):
            yield Option(column, name, parts[-1])


def _without_taxonomy(cells: list[Cell], plain: Mapping[str, str]) -> list[Cell]:
    """Without Google's category where the shop has its own, or where it is a number only."""
    has_own = any(plain.get(cell.column) == "product_type" for cell in cells)
    return [
        cell
        for cell in cells
        if plain.get(cell.column) != "google_product_category" or not (has_own or cell.text.strip().isdigit())
    ]


@lru_cache(maxsize=4096)
def _plain(column: str) -> str:
    """`image_link` for `g:image_link`, `Image link` and `Image link [image_link]`."""
    name = column.strip().lower()
    if name.endswith("]") and "[" in name:
        name = name[name.rindex("[") + 1 : -1]
    return re.sub(r"[\s-]+", "_", name.removeprefix("g:").removeprefix("c:"))
