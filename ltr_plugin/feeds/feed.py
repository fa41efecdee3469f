"""A feed: its form, encoding and columns, recognised by its content, and its records."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ltr_plugin.catalog.schema import FieldType
from ltr_plugin.errors import InputError, Problem, ProblemLog
from ltr_plugin.feeds.amounts import DecimalMark, decimal_mark
from ltr_plugin.feeds.encoding import detect_encoding, open_text, read_start
from ltr_plugin.feeds.forms.form import NO_FIELDS, Form
from ltr_plugin.feeds.forms.google import GoogleForm
from ltr_plugin.feeds.forms.guess import TableForm
from ltr_plugin.feeds.forms.shopify import ShopifyForm
from ltr_plugin.feeds.forms.woocommerce import WooCommerceForm
from ltr_plugin.feeds.mapping import NO_MAPPING, FeedMapping, FormName, missing_columns
from ltr_plugin.feeds.records import Record, Records
from ltr_plugin.feeds.table import Table
from ltr_plugin.feeds.xml_items import read_items

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
SAMPLE = 1_000
"""Records by which the decimal mark is recognised, and of which a mapping shows examples."""

_MARKED_FORMS = (ShopifyForm, WooCommerceForm, GoogleForm)
_FORMS: dict[FormName, type[Form]] = {one.name: one for one in _MARKED_FORMS}
_PRICES = ("price", "sale_price")


def is_feed(path: Path) -> bool:
    """Whether a file is a feed and no JSON Lines: by its name, or by its first letter. InputError if unreadable."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(JSON_SUFFIXES):
        return False
    start = read_start(path).lstrip(codecs.BOM_UTF8).replace(b"\0", b"").lstrip()
    return bool(start) and not start.startswith((b"{", b"["))


@dataclass(frozen=True)
class Feed:
    """A feed that can be read any number of times.

    `columns` are those of a table, None for XML. `notes` are sentences on what was recognised.
    """

    path: Path
    form: Form
    encoding: str
    columns: tuple[str, ...] | None
    separator: str
    notes: tuple[str, ...]
    decimal: DecimalMark | None

    @classmethod
    def open(
        cls,
        path: Path,
        form: FormName | None = None,
        mapping: FeedMapping = NO_MAPPING,
        *,
        declared: Mapping[str, FieldType] = NO_FIELDS,
        source: str = "mapping",
        require_parts: bool = True,
        update: bool = False,
    ) -> "Feed":
        """The feed in a file. InputError when it is none, or when the mapping names columns that it does not have.

        `declared` are the types of fields that products have beyond the standard parts: a column of such a name is it.
        With `require_parts`, a table must have an id and a title or media. `source` names the mapping in messages.
        With `update`, only columns that the mapping names are read, and those that say which product a line is.
        """
        start = read_start(path)
        text = start.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b"\xff\xfe").lstrip()
        if text[:200].lower().startswith((b"<!doctype html", b"<html")):
            raise InputError(str(path), "is a page of HTML and no feed; is it what the shop shows before a login?")
        if text.startswith((b"{", b"[")):
            raise InputError(
                str(path), "is JSON and no feed; `ltr catalog put` reads JSON Lines of products as they are"
            )
        form = form or mapping.form
        if text.startswith(b"<"):
            if form not in (None, "google"):
                raise InputError(str(path), f"is XML, which form {form} is not; leave --form out")
            made = GoogleForm(mapping, declared, only_named=update)
            feed = cls(path, made, "", None, "", ("read as Google Merchant Center, XML",), None)
        else:
            feed = _table(cls, path, form, mapping, declared, source, update=update)
            if require_parts:
                _require_parts(path, feed.form, feed.columns or (), update=update)
        sample = feed.sample()
        if isinstance(feed.form, TableForm):
            feed.form.refine(sample)
        return replace(feed, decimal=mapping.decimal or feed._decimal_mark(sample))

    def read(self, problems: ProblemLog) -> Records:
        """The records in order; lines that are none are problems."""
        if self.columns is None:
            yield from read_items(self.path, problems)
            return
        with open_text(self.path, self.encoding) as text:
            yield from Table(text, problems, self.separator).records()

    def sample(self) -> list[Record]:
        """The first records."""
        return list(islice(self.read(ProblemLog(0)), SAMPLE))

    def _decimal_mark(self, sample: Sequence[Record]) -> DecimalMark | None:
        return decimal_mark(self._prices(sample)) or (None if self.form.name == "table" else ".")

    def _prices(self, sample: Sequence[Record]) -> Iterator[str]:
        for record in sample:
            for column, text in record.values:
                rule = self.form.rule(column) if text else None
                if rule and rule.to.removeprefix("variants.") in _PRICES:
                    yield text


def _table(
    cls: type[Feed],
    path: Path,
    form: FormName | None,
    mapping: FeedMapping,
    declared: Mapping[str, FieldType],
    source: str,
    *,
    update: bool,
) -> Feed:
    notes = []
    if mapping.encoding:
        encoding = mapping.encoding
    else:
        detected = detect_encoding(path)
        encoding = detected.name
        notes += [detected.note] if detected.note else []
    log = ProblemLog()
    try:
        with open_text(path, encoding) as text:
            table = Table(text, log, mapping.separator or "")
            columns = tuple(table.header)
            separator = table.separator
    except UnicodeError:
        reason = f"its first lines are no text in {encoding}; state `encoding` in a mapping, such as shift_jis"
        raise InputError(str(path), [Problem("line 1", reason)]) from None
    except ValueError as error:
        raise InputError(str(path), list(log) or str(error)) from None
    named = {"\t": "tabs", " ": "blanks"}.get(separator, f"`{separator}`")
    form = form or _recognise(columns)
    made = (
        _FORMS[form](mapping, declared, only_named=update)
        if form in _FORMS
        else TableForm(mapping, declared, columns, only_named=update)
    )
    title = {
        "google": "Google Merchant Center",
        "shopify": "Shopify's products",
        "woocommerce": "WooCommerce's products",
    }
    notes.insert(0, f"read as {title.get(form, 'a table')}, {len(columns)} columns between {named}")
    if problems := missing_columns(mapping, columns):
        raise InputError(source, problems)
    return cls(path, made, encoding, columns, separator, tuple(notes), None)


def _recognise(columns: tuple[str, ...]) -> FormName:
    return next((form.name for form in _MARKED_FORMS if form.fits(columns)), "table")


def _require_parts(path: Path, form: Form, columns: tuple[str, ...], *, update: bool) -> None:
    """InputError for a table in which no column is an id, or none a title or a photo, which updates may lack."""
    targets = {rule.to for column in columns if (rule := form.rule(column))}
    missing = [] if "id" in targets or form.has_parents else ["an id"]
    if not update and not targets & {"title", "images", "audio", "video"}:
        missing.append("a title")
    if missing:
        shown = ", ".join(repr(column) for column in columns[:12]) + (", ..." if len(columns) > 12 else "")
        message = (
            f"no column is {' and none is '.join(missing)}; the columns are {shown}. Say which is which in a mapping: "
            f"`ltr catalog convert {path} --init mapping.yaml` writes one to correct"
        )
        raise InputError(str(path), [Problem("line 1", message)])
