"""The mapping of a feed: which part of a product each column is, as a file states it over what its form says."""

import codecs
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ltr_plugin.catalog.schema import VARIANTS, CatalogSchema, FieldType
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.feeds.amounts import DateOrder, DecimalMark
from ltr_plugin.feeds.names import plain_names
from ltr_plugin.validation import StrictModel, decode, read_yaml

FormName = Literal["table", "google", "shopify", "woocommerce"]
AttributeType = Literal["text", "number", "boolean", "date"]
FORMS: tuple[FormName, ...] = ("table", "google", "shopify", "woocommerce")

PARTS = (
    "id", "title", "description", "brand", "model", "category", "price", "sale_price", "sale_starts", "sale_ends",
    "sale_dates", "currency", "released", "ean", "images", "audio", "video", "changed", "group",
)  # fmt: skip
"""What a column may be. `sale_price` counts instead of the price from `sale_starts` to `sale_ends`, or within
`sale_dates`, which has both with a `/` between them. `group` is the id of the product that a line is a variant of."""

OF_COLUMNS = frozenset({"id", "group", "variants.id"})
"""Parts that no option of a product is, but a column."""

MAPS = ("attributes", "stats")
VARIANT_PARTS = ("id", "price", "ean")
MAPPING_VERSION = 1


class Rule(StrictModel):
    """What becomes of the values of a column."""

    to: Annotated[str, Field(min_length=1, max_length=600)] = Field(
        description="Part of a product, `attributes.NAME`, `stats.NAME`, `variants.NAME`, or a declared field."
    )
    separator: str = Field(default="", max_length=5, description="Between the values of a list, such as `|`.")
    levels: str = Field(default="", max_length=5, description="Between the levels of a category, such as `>`.")
    type: AttributeType | None = Field(default=None, description="Type of an attribute; default: text.")


def _to_rule(value: Any) -> Any:  # noqa: ANN401 - as YAML gives it
    return {"to": value} if isinstance(value, str) else value


def _encoding(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except LookupError:
        raise ValueError(
            f"{name!r} is no encoding; write one such as utf-8, windows-1252, utf-16 or shift_jis"
        ) from None
    return info.name


class FeedMapping(StrictModel):
    """A mapping file. What it does not state is recognised in the feed, and taken from the form of the feed."""

    version: Literal[1]
    form: FormName | None = Field(default=None, description="table, google, shopify or woocommerce.")
    encoding: Annotated[str, AfterValidator(_encoding)] | None = Field(
        default=None, description="Encoding of the file, such as windows-1252."
    )
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="Separator of columns."
    )
    decimal: DecimalMark | None = Field(default=None, description="Decimal mark of numbers.")
    dates: DateOrder | None = Field(default=None, description="Order of dates such as 03/04/2026.")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        default=None, description="Currency of prices that name none."
    )
    columns: dict[str, Annotated[Rule, BeforeValidator(_to_rule)] | None] = Field(
        default_factory=dict, description="What each column is; null leaves it out."
    )
    other_columns: Literal["attributes", "leave out"] | None = Field(
        default=None, description="What becomes of columns that are not named."
    )
    options: dict[str, Annotated[Rule, BeforeValidator(_to_rule)] | None] = Field(
        default_factory=dict,
        description="What options, attributes and product details are by their names; null leaves one out.",
    )

    def rule_of(self, column: str) -> "Rule | Literal[False] | None":
        """The rule of a column, None when it is left out, False when the mapping does not name it."""
        return self.columns.get(column, False)

    def option_rule(self, name: str) -> "Rule | Literal[False] | None":
        """The rule of an option, None when it is left out, False when the mapping does not name it."""
        names = self._option_names
        if name in self.options:
            return self.options[name]
        return next((names[plain] for plain in plain_names(name) if plain in names), False)

    @cached_property
    def _option_names(self) -> "dict[str, Rule | None]":
        return {plain: rule for name, rule in self.options.items() for plain in plain_names(name)}


NO_MAPPING = FeedMapping(version=1)


def declared_types(schema: CatalogSchema | None) -> dict[str, FieldType]:
    """The types of the declared fields that a column may be: of products, and of variants as `variants.NAME`."""
    fields = schema.fields if schema else ()
    return {one.name: one.type for one in fields if one.parent in (None, VARIANTS)}


def read_mapping(path: Path, declared: Iterable[str]) -> FeedMapping:
    """The mapping in a file; InputError lists every problem.

    `declared` are the fields that products have beyond the standard parts.
    """
    mapping = decode(FeedMapping, read_yaml(path), source=str(path))
    if problems := check_targets(mapping, declared):
        raise InputError(str(path), problems)
    return mapping


def check_targets(mapping: FeedMapping, declared: Iterable[str]) -> list[Problem]:
    """What is wrong with the targets of columns and options, each with its path."""
    known = frozenset(declared)
    checked = [(f"$.columns.{name}", _wrong(rule.to, known)) for name, rule in mapping.columns.items() if rule]
    for name, rule in mapping.options.items():
        if rule:
            is_key = rule.to in OF_COLUMNS
            wrong = f"{rule.to!r} is read from a column, not from an option" if is_key else _wrong(rule.to, known)
            checked.append((f"$.options.{name}", wrong))
    return [Problem(where, message) for where, message in checked if message]


def _wrong(target: str, declared: frozenset[str]) -> str:
    first, _, rest = target.partition(".")
    if target in PARTS or (first in MAPS and rest):
        return ""
    if first == "variants" and (rest in VARIANT_PARTS or rest.startswith("attributes.")):
        return ""
    if target in declared:
        return ""
    near = get_close_matches(target, [*PARTS, *sorted(declared)], n=1)
    wrong = f"{target!r} is no part of a product and no declared field"
    if near:
        return f"{wrong}; did you mean {near[0]!r}?"
    return f"{wrong}; write attributes.{target}, or declare it in `fields` of the profile"


def missing_columns(mapping: FeedMapping, header: Iterable[str]) -> list[Problem]:
    """A problem for each column that a mapping names and the feed does not have."""
    names = list(header)
    return [
        Problem(f"$.columns.{column}", f"the feed has no such column{_near(column, names)}")
        for column in mapping.columns
        if column not in names
    ]


def _near(column: str, names: list[str]) -> str:
    near = get_close_matches(column, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
