"""One product of the records that belong to it, checked, with each mistake at the line and column it comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ltr_plugin.catalog.changes import ProductUpdate
from ltr_plugin.catalog.product import MAX_VARIANTS, Product
from ltr_plugin.catalog.references import MAX_MEDIA
from ltr_plugin.errors import Problem
from ltr_plugin.feeds.forms.form import Form
from ltr_plugin.feeds.records import Record, location
from ltr_plugin.feeds.row import Path, Reading, Row, read_row
from ltr_plugin.feeds.updates import keep_named
from ltr_plugin.feeds.variant_ids import name_variants
from ltr_plugin.validation import message_of, shorten

_MEDIA = ("images", "audio", "video")
_OF_VARIANT = ("id", "price", "ean")
_FOLDED = (*_OF_VARIANT, "attributes")


class Assembler:
    """Makes products of records."""

    def __init__(
        self, form: Form, reading: Reading, product_type: type[Product] | type[ProductUpdate] = Product
    ) -> None:
        self._form, self._reading = form, reading
        self._adapter: TypeAdapter[Any] = TypeAdapter(product_type)

    def product(self, records: Sequence[Record], group: str = "") -> tuple[dict[str, Any], list[Problem]]:
        """The product of these records as JSON has it, and what is wrong with it.

        With `group`, the id of the product, the records are its variants; the one with this id, or without it the
        first, has the parts of the product.
        """
        cells = self._form.rows(records)
        rows = [read_row(record.line, one, self._reading) for record, one in zip(records, cells, strict=True)]
        problems = [problem for row in rows for problem in row.problems]
        origins: dict[tuple[int | str, ...], tuple[int, str]] = {}
        if len(rows) == 1 and not group and not rows[0].variant:
            product = rows[0].product
            product.pop("group", None)
            origins = {path: (rows[0].line, column) for path, column in rows[0].columns.items()}
        elif self._form.lines_are_variants:
            product = _of_lines(rows, group, origins, problems)
            _merge_declared(product, rows, self._reading.types)
        else:
            product = _of_columns(rows, self._reading.types, origins, problems)
        if self._form.only_named:
            keep_named(product, self._form.mapping)
        told = {problem.location for problem in problems}
        checked = self._check(product, rows[0].line, origins, told=bool(told))
        return product, [*problems, *(problem for problem in checked if problem.location not in told)]

    def _check(self, product: dict[str, Any], line: int, origins: "Origins", *, told: bool) -> list[Problem]:
        """What is wrong with a product; of one that is wrong already, not what it may lack for that."""
        if "id" not in product:
            return [] if told else [Problem(location(line), "has no id")]
        try:
            self._adapter.validate_python(product)
        except ValidationError as error:
            problems: list[Problem] = []
            for details in error.errors(include_url=False):
                path = details["loc"]
                if told and not path:
                    continue
                found = next((origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in origins), None)
                where = location(*found) if found else location(line)
                message = message_of(details)
                if details["type"] == "extra_forbidden":
                    message = (
                        f"{path[-1]!r} is no part of a product and no declared field; name it attributes.{path[-1]}"
                    )
                problems.append(Problem(where, message))
            return list(dict.fromkeys(problems))
        return []


Origins = dict[tuple[int | str, ...], tuple[int, str]]


def _of_lines(rows: list[Row], group: str, origins: Origins, problems: list[Problem]) -> dict[str, Any]:
    """A product whose lines are its variants; the line of the product itself, if there is one, is none of them."""
    group = group or rows[0].product.get("id", "")
    main = next((row for row in rows if row.product.get("id") == group), rows[0])
    is_parent = main.product.get("id") == group and len(rows) > 1 and "group" not in main.product
    of_variants = [row for row in rows if row is not main or not is_parent]
    product = {**main.product, "id": group} if group else main.product
    product.pop("group", None)
    _merge_media(product, rows)
    for path, column in main.columns.items():
        origins[path] = (main.line, column)
    shared = _shared_attributes(of_variants)
    own = {} if not is_parent else dict(main.product.get("attributes", {}))
    product.pop("attributes", None)
    if attributes := {**own, **shared}:
        product["attributes"] = attributes
    variants: list[dict[str, Any]] = []
    for row in of_variants:
        at = len(variants)
        variant = {name: row.product[name] for name in _OF_VARIANT if name in row.product}
        differing = {k: v for k, v in row.product.get("attributes", {}).items() if k not in shared or shared[k] != v}
        if row is not main and (title := row.product.get("title")) and title != product.get("title"):
            differing.setdefault("title", title)
        more = {**differing, **row.variant.pop("attributes", {})}
        variant.update(row.variant)
        if is_parent:  # a variant without a value is for sale in all of the product's, as in any of its colours
            more = {**main.variant.get("attributes", {}), **more}
            variant = {**{k: v for k, v in main.variant.items() if k not in _FOLDED}, **variant}
        if more:
            variant["attributes"] = more
        _note_variant(origins, at, row)
        variants.append(variant)
    product.pop("price", None)
    product.pop("ean", None)
    _add_variants(product, variants, rows, origins, problems)
    if is_parent:
        for name in ("price", "ean"):
            if name in main.product:
                product.setdefault(name, main.product[name])
    return product


def _of_columns(rows: list[Row], types: Mapping[str, str], origins: Origins, problems: list[Problem]) -> dict[str, Any]:
    """A product whose variants have columns of their own, in the line of the product and in those that follow."""
    product: dict[str, Any] = {}
    variants: list[dict[str, Any]] = []
    for row in rows:
        for name, value in row.product.items():
            if name == "attributes":
                product["attributes"] = {**value, **product.get("attributes", {})}
            elif name not in _MEDIA:
                product.setdefault(name, value)
        for path, column in row.columns.items():
            if path[0] != "variants":
                origins.setdefault(path, (row.line, column))
        if row.variant:
            _note_variant(origins, len(variants), row)
            variants.append(row.variant)
    _merge_media(product, rows)
    product.pop("group", None)
    _merge_declared(product, rows, types)
    if len(variants) == 1 and len(rows[0].variant) and not _is_variant(rows[0]):
        _fold(product, variants[0], origins)
    elif variants:
        name_variants(str(product.get("id", "")), variants, types)
        _add_variants(product, variants, rows, origins, problems)
    return product


def _is_variant(row: Row) -> bool:
    """Whether a line has an option, or a declared field of variants, which a product itself does not have."""
    return any(
        path[1] not in _FOLDED or (path[1] == "attributes" and column.lower().startswith("option"))
        for path, column in row.columns.items()
        if path[0] == "variants"
    )


def _fold(product: dict[str, Any], variant: dict[str, Any], origins: Origins) -> None:
    """The only variant of a product without options is the product itself."""
    attributes = {**product.get("attributes", {}), **variant.get("attributes", {})}
    if sku := variant.get("id"):
        attributes["sku"] = sku
    if attributes:
        product["attributes"] = attributes
    for name, value in variant.items():
        if name not in ("id", "attributes"):
            product.setdefault(name, value)
    for path, origin in list(origins.items()):
        if path[:2] == ("variants", 0):
            origins.setdefault(path[2:], origin)


def _note_variant(origins: Origins, at: int, row: Row) -> None:
    for path, column in row.columns.items():
        rest: Path = path[1:] if path[0] == "variants" else path
        origins[("variants", at, *rest)] = (row.line, column)


def _add_variants(
    product: dict[str, Any], variants: list[dict[str, Any]], rows: list[Row], origins: Origins, problems: list[Problem]
) -> None:
    if len(variants) > MAX_VARIANTS:
        problems.append(
            Problem(location(rows[0].line), f"over {MAX_VARIANTS:,} variants of {shorten(product.get('id'))}")
        )
        return
    currencies = {row.product["currency"]: row.line for row in rows if row.product.get("currency")}
    if len(currencies) > 1:
        problems.append(
            Problem(
                location(max(currencies.values())),
                f"the variants of {shorten(product.get('id'))} have prices in {' and '.join(sorted(currencies))}",
            )
        )
    if currencies:
        product["currency"] = next(iter(currencies))
    first: dict[str, int] = {}
    for at, variant in enumerate(variants):
        line, column = origins.get(("variants", at, "id"), (rows[0].line, ""))
        if not (id_ := variant.get("id")):
            problems.append(Problem(location(line), "a variant has no id"))
        elif id_ in first:
            problems.append(
                Problem(location(line, column), f"{shorten(id_)} is the id of the variant in line {first[id_]} too")
            )
        else:
            first[id_] = line
    product["variants"] = variants
    prices = [variant["price"] for variant in variants if "price" in variant]
    if prices:
        product["price"] = min(prices)
        lowest = next(at for at, variant in enumerate(variants) if variant.get("price") == product["price"])
        origins[("price",)] = origins.get(("variants", lowest, "price"), (rows[0].line, ""))


def _merge_media(product: dict[str, Any], rows: list[Row]) -> None:
    for name in _MEDIA:
        merged = list(dict.fromkeys(one for row in rows for values in (row.product, row.variant)
                                    for one in values.pop(name, ())))  # fmt: skip
        if merged:
            product[name] = merged[:MAX_MEDIA] if len(rows) > 1 else merged


def _merge_declared(product: dict[str, Any], rows: list[Row], types: Mapping[str, str]) -> None:
    """Gives a product in each declared field the values of all of its lines."""
    for name in types:
        values = [row.product[name] for row in rows if name in row.product]
        distinct = list(
            dict.fromkeys(one for value in values for one in (value if isinstance(value, list) else [value]))
        )
        if distinct:
            product[name] = distinct[0] if len(distinct) == 1 else distinct


def _shared_attributes(rows: list[Row]) -> dict[str, Any]:
    """The attributes that all of these lines have, with the same values."""
    first, *others = (row.product.get("attributes", {}) for row in rows)
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
