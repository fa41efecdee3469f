"""A form of feeds: what its columns are before a mapping says otherwise, and which lines are one product."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

from ltr_plugin.catalog.schema import FieldType
from ltr_plugin.feeds.mapping import NO_MAPPING, OF_COLUMNS, AttributeType, FeedMapping, FormName, Rule
from ltr_plugin.feeds.names import plain_names
from ltr_plugin.feeds.records import Record

NO_PARENT = "\0"
"""The parent of a variant that names none."""

UNPUBLISHED = "not published"


NO_FIELDS: Mapping[str, FieldType] = MappingProxyType({})
_ATTRIBUTE = "attributes."
_OF_VARIANT = "variants."


class Cell(NamedTuple):
    """A value of a record, its column, and what becomes of it."""

    column: str
    rule: Rule
    text: str


class Option(NamedTuple):
    """An option or attribute of a product that a feed names in a value, with the column of its own value."""

    column: str
    name: str
    text: str


@lru_cache(maxsize=10_000)
def _rule(target: str, separator: str, type_: AttributeType | None = None) -> Rule:
    return Rule(to=target, separator=separator, type=type_)


def attribute_name(column: str) -> str:
    """The name of an attribute as the index takes it: at most 512 bytes."""
    return column.encode()[:512].decode(errors="ignore").strip()


class Form:
    """Reads the records of one form. A column is what the mapping says, else what the form says, else an attribute."""

    name: ClassVar[FormName] = "table"
    preset: ClassVar[Mapping[str, Rule | None]] = {}
    """Rules by the name of a column in lower case; None leaves it out."""

    lines_are_variants: ClassVar[bool] = True
    """Whether each line of a group is a variant as a whole, and not by columns of variants."""

    has_parents: ClassVar[bool] = False
    """Whether variants name their product by `parent`, and not by a group that they have in common with it."""

    def __init__(
        self,
        mapping: FeedMapping = NO_MAPPING,
        declared: Mapping[str, FieldType] = NO_FIELDS,
        *,
        only_named: bool = False,
    ) -> None:
        """`declared` are the types of fields that products have beyond the standard parts.

        With `only_named`, values that the mapping does not name only say which product or variant a line is.
        """
        self.mapping, self.declared, self.only_named = mapping, declared, only_named
        self._rules: dict[str, Rule | None] = {}

    def rule(self, column: str) -> Rule | None:
        """What becomes of a column; None when it is left out."""
        if column not in self._rules:
            self._rules[column] = self._find_rule(column)
        return self._rules[column]

    def preset_rule(self, column: str) -> Rule | Literal[False] | None:
        """What the form says of a column; False where it says nothing."""
        return self.preset.get(column.lower(), False)

    def attribute(
        self, name: str, *, variant: bool = False, separator: str = "", type_: AttributeType | None = None
    ) -> Rule:
        """The rule for a property by its name: a declared field of this name, or else an attribute.

        Where lines are variants, it may be a field of products or of variants.
        """
        if field := self.declared_field(name, variant=variant):
            return _rule(field, separator)
        return _rule(f"{_OF_VARIANT * variant}{_ATTRIBUTE}{attribute_name(name)}", separator, type_)

    def declared_field(self, name: str, *, variant: bool = False) -> str:
        """The declared field of this name, as `groesse` is for `Größe`; empty if there is none."""
        if name.lower() in self.declared:
            return name.lower()
        parents = (_OF_VARIANT,) if variant else ("", _OF_VARIANT) if self.lines_are_variants else ("",)
        fields = (f"{parent}{plain}" for parent in parents for plain in plain_names(name))
        return next((field for field in fields if field in self.declared), "")

    def is_of_options(self, column: str) -> bool:
        """Whether a column has names or values of options, each of which has a rule by its name."""
        del column
        return False

    def option(self, name: str, *, variant: bool = False, separator: str = "") -> Rule | None:
        """The rule for an option or attribute that a feed names in a value; None when it is left out."""
        stated = self.mapping.option_rule(name)
        if stated is False:
            rule = self.attribute(name, variant=variant, separator=separator)
            return rule if variant or not self.only_named or self._tells_apart(rule) else None
        if stated and separator and not stated.separator:
            return stated.model_copy(update={"separator": separator})
        return stated

    def option_cells(self, options: Iterable[Option], *, variant: bool = False, separator: str = "") -> list[Cell]:
        """The values of options with their rules, but for those whose column the mapping names."""
        return [
            Cell(one.column, rule, one.text)
            for one in options
            if (rule := self.option(one.name, variant=variant, separator=separator))
            and self.mapping.rule_of(one.column) is False
        ]

    def options(self, records: Sequence[Record]) -> list[list[Option]]:
        """The options and attributes that each of these records, of any products, has by names in its values."""
        return [[] for _ in records]

    def cells(self, record: Record) -> list[Cell]:
        """The values of a record that are not empty, with their rules."""
        return [
            Cell(column, rule, text)
            for column, text in record.values
            if text and (rule := self.rule(column)) is not None and not text.isspace()
        ]

    def rows(self, records: Sequence[Record]) -> list[list[Cell]]:
        """The cells of the records of one product."""
        return [self.cells(record) for record in records]

    def has_groups(self, columns: Sequence[str] | None) -> bool:
        """Whether records of a feed with these columns may be variants of one product."""
        return columns is None or any((rule := self.rule(column)) and rule.to == "group" for column in columns)

    def id(self, record: Record) -> str:
        """The id of a record."""
        return self._first_to("id", record).strip()

    def group(self, record: Record) -> str:
        """The id of the product that a record belongs to with others; empty when it is a product of its own."""
        return self._first_to("group", record).strip()

    def names(self, record: Record) -> list[str]:
        """What its variants call this record's product."""
        del record
        return []

    def parent(self, record: Record) -> str:
        """The id of another record's product that this one is a variant of; empty when it is none."""
        del record
        return ""

    def hidden_as(self, record: Record) -> str:
        """Why the shop does not show this product, such as `draft`; empty when it does."""
        del record
        return ""

    def _first_to(self, target: str, record: Record) -> str:
        columns = (column for column, _ in record.values if (rule := self.rule(column)) and rule.to == target)
        return record.first(*columns)

    def _find_rule(self, column: str) -> Rule | None:
        stated = self.mapping.rule_of(column)
        if stated is not False:
            return stated
        rule = self._unnamed_rule(column)
        return rule if rule is None or not self.only_named or self._tells_apart(rule) else None

    def _tells_apart(self, rule: Rule) -> bool:
        """Whether a value says which product or variant a line is, or that it is a variant."""
        return rule.to in OF_COLUMNS or (rule.to.startswith(_OF_VARIANT) and rule.to in self.declared)

    def _unnamed_rule(self, column: str) -> Rule | None:
        preset = self.preset_rule(column)
        if preset is False:
            return None if self.mapping.other_columns == "leave out" else self.attribute(column)
        if preset and (name := preset.to.removeprefix(_OF_VARIANT)).startswith(_ATTRIBUTE):
            variant = name != preset.to
            name = name.removeprefix(_ATTRIBUTE)
            return self.attribute(name, variant=variant, separator=preset.separator, type_=preset.type)
        return preset


def left_out(*columns: str) -> dict[str, Rule | None]:
    """Rules that leave columns out."""
    return dict.fromkeys(columns)


def is_no(text: str) -> bool:
    """Whether a value such as that of `Published` says no."""
    return text.strip().lower() in ("false", "0", "-1", "no", "draft", "archived", "private", "unlisted")


def has_all(header: Iterable[str], *names: str) -> bool:
    """Whether all of these columns are there."""
    return set(names) <= set(header)
