"""WooCommerce's product CSV, as its exporter writes it in English and German."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, Literal

from ltr_plugin.feeds.forms.form import (
    NO_PARENT,
    UNPUBLISHED,
    Cell,
    Form,
    Option,
    attribute_name,
    has_all,
    is_no,
    left_out,
)
from ltr_plugin.feeds.mapping import FormName, Rule
from ltr_plugin.feeds.records import Record

_ATTRIBUTE = re.compile(r"(?:attribute|attribut) (\d+) (name|value\(s\)|wert\(e\)|\S+)", re.IGNORECASE)
_UNUSED = re.compile(r"^(meta|download) ?[:\d]|^(meta|download)\b|attributes? swatches|variation swatches")
_NUMBER = re.compile(r"^(weight|length|width|height|gewicht|länge|breite|höhe) \(")
_ESCAPED_FORMULA = ("'=", "'+", "'-", "'@")

GERMAN = {
    "typ": "type", "artikelnummer": "sku", "gtin, upc, ean oder isbn": "gtin, upc, ean, or isbn",
    "veröffentlicht": "published", "ist hervorgehoben?": "is featured?",
    "sichtbarkeit im katalog": "visibility in catalog", "kurzbeschreibung": "short description",
    "beschreibung": "description", "datum, an dem angebotspreis beginnt": "date sale price starts",
    "datum, an dem angebotspreis endet": "date sale price ends", "vorrätig?": "in stock?", "bestand": "stock",
    "lager": "stock", "angebotspreis": "sale price", "regulärer preis": "regular price", "kategorien": "categories",
    "schlagwörter": "tags", "bilder": "images", "übergeordnetes produkt": "parent", "marken": "brands",
    "steuerstatus": "tax status", "steuerklasse": "tax class", "geringe lagermenge": "low stock amount",
    "lieferrückstande erlaubt?": "backorders allowed?", "lieferrückstände erlaubt?": "backorders allowed?",
    "rückstände erlaubt?": "backorders allowed?", "nur einzeln verkaufen?": "sold individually?",
    "kundenrezensionen erlauben?": "allow customer reviews?", "kundenbewertungen erlauben?": "allow customer reviews?",
    "hinweis zum kauf": "purchase note", "versandklasse": "shipping class", "downloadlimit": "download limit",
    "ablauftage des downloads": "download expiry days", "gruppierte produkte": "grouped products",
    "zusatzverkäufe": "upsells", "cross-sells (querverkäufe)": "cross-sells", "externe url": "external url",
    "button-text": "button text",
}  # fmt: skip
"""The columns of a German shop's export, in lower case, by their English names."""


class WooCommerceForm(Form):
    """A line for each product, and for each variation, which may be anywhere in the file and names its parent."""

    name: ClassVar[FormName] = "woocommerce"
    has_parents: ClassVar[bool] = True
    preset: ClassVar[Mapping[str, Rule | None]] = {
        "name": Rule(to="title"),
        "sku": Rule(to="id"),
        "gtin, upc, ean, or isbn": Rule(to="ean", separator=","),
        "short description": Rule(to="description"),
        "description": Rule(to="description"),
        "regular price": Rule(to="price"),
        "sale price": Rule(to="sale_price"),
        "date sale price starts": Rule(to="sale_starts"),
        "date sale price ends": Rule(to="sale_ends"),
        "categories": Rule(to="category", separator=",", levels=">"),
        "tags": Rule(to="attributes.tags", separator=","),
        "images": Rule(to="images", separator=","),
        "brands": Rule(to="brand"),
        "in stock?": Rule(to="attributes.in_stock", type="boolean"),
        "stock": Rule(to="attributes.stock", type="number"),
        "is featured?": Rule(to="attributes.featured", type="boolean"),
        **left_out(
            "id", "type", "parent", "published", "visibility in catalog", "tax status", "tax class",
            "low stock amount", "backorders allowed?", "sold individually?", "allow customer reviews?",
            "purchase note", "shipping class", "grouped products", "upsells", "cross-sells", "external url",
            "button text", "position",
        ),
    }  # fmt: skip

    @classmethod
    def fits(cls, header: Iterable[str]) -> bool:
        """Whether a table has the columns of this form."""
        names = {_english(column) for column in header}
        own = {"regular price", "categories", "visibility in catalog", "parent", "published", "is featured?"}
        return has_all(names, "type", "name") and bool(names & {"sku", "id"}) and len(names & own) >= 2

    def preset_rule(self, column: str) -> Rule | Literal[False] | None:
        """Attributes have columns of their own; what plugins add is left out."""
        plain = _english(column)
        if plain in self.preset:
            return self.preset[plain]
        if _NUMBER.search(plain):
            return Rule(to=f"attributes.{attribute_name(column)}", type="number")
        return None if _ATTRIBUTE.fullmatch(plain) or _UNUSED.search(plain) else False

    def parent(self, record: Record) -> str:
        """The parent of a variation, by SKU, or as `id:62`."""
        if "variation" not in _value(record, "type").lower():
            return ""
        return _value(record, "parent") or NO_PARENT

    def names(self, record: Record) -> list[str]:
        """What variations call this product."""
        sku, id_ = _value(record, "sku"), _value(record, "id")
        return [name for name in (sku, id_ and f"id:{id_}") if name]

    def hidden_as(self, record: Record) -> str:
        """That a product is a draft, not published, such as a private one, or hidden in the catalog."""
        published = _value(record, "published")
        if is_no(published):
            return "draft" if published == "-1" else UNPUBLISHED
        return "hidden in the catalog" if _value(record, "visibility in catalog").lower() == "hidden" else ""

    def cells(self, record: Record) -> list[Cell]:
        """With the attributes, and the number of a product as its id where it has no SKU."""
        values = [(column, _unescape(text)) for column, text in record.values]
        cells = super().cells(Record(record.line, values))
        cells += self.option_cells(self._options(values), separator="" if self.parent(record) else ",")
        has_id = any(cell.rule.to == "id" for cell in cells)
        if not has_id and (number := _value(record, "id")):
            cells.append(Cell("ID", Rule(to="id"), number))
        return cells

    def is_of_options(self, column: str) -> bool:
        """Whether it is one of `Attribute 1 name` and `Attribute 1 value(s)`, or the like."""
        return bool(_ATTRIBUTE.fullmatch(column))

    def options(self, records: Sequence[Record]) -> list[list[Option]]:
        """The attributes of each product and variation."""
        return [list(self._options(record.values)) for record in records]

    def _options(self, values: Iterable[tuple[str, str]]) -> Iterator[Option]:
        names: dict[str, str] = {}
        texts: dict[str, tuple[str, str]] = {}
        for column, text in values:
            if text and column.lower().startswith("attribut") and (match := _ATTRIBUTE.fullmatch(column)):
                number, what = match[1], match[2].lower()
                if what == "name":
                    names[number] = text.strip()
                elif what in ("value(s)", "wert(e)"):
                    texts[number] = (column, text)
        for number, (column, text) in texts.items():
            if name := names.get(number, ""):
                yield Option(column, name, text)


def _value(record: Record, name: str) -> str:
    return next((text.strip() for column, text in record.values if text and _english(column) == name), "")


@lru_cache(maxsize=4096)
def _english(column: str) -> str:
    plain = column.lower()
    return GERMAN.get(plain, plain)


def _unescape(text: str) -> str:
    """The exporter writes line breaks as \\n, and puts an apostrophe before what a spreadsheet would compute."""
    if text.startswith(_ESCAPED_FORMULA):
        text = text[1:]
    return text.replace("\\n", "\n") if "\\n" in text else text
