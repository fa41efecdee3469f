"""A form of feeds: what its columns are before a mapping says otherwise, and which lines are one product."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

from ltr_plugin.catalog.schema import FieldType
from ltr_plugin.feeds.mapping import NO_MAPPING, AttributeType, FeedMapping, FormName, Rule
from ltr_plugin.feeds.records import Record

NO_PARENT = "\0"
"""The parent of a variant that names none."""


NO_FIELDS: Mapping[str, FieldType] = MappingProxyType({})
_ATTRIBUTE = "attributes."
_NO_LETTERS = re.compile(r"\W+")


class Cell(NamedTuple):
    """A value of a record, its column, and what becomes of it."""

    column: str
    rule: Rule
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

    def __init__(self, mapping: FeedMapping = NO_MAPPING, declared: Mapping[str, FieldType] = NO_FIELDS) -> None:
        """`declared` are the types of fields that products have beyond the standard parts."""
        self.mapping, self.declared = mapping, declared
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
        """The rule for a property by its name: a declared field of this name, or else an attribute."""
        field = f"{'variants.' * variant}{_NO_LETTERS.sub('_', name.lower()).strip('_')}"
        if field in self.declared:
            return _rule(field, separator)
        return _rule(f"{'variants.' * variant}{_ATTRIBUTE}{attribute_name(name)}", separator, type_)

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

    def is_hidden(self, record: Record) -> bool:
        """Whether the shop does not show this product."""
        del record
        return False

    def _first_to(self, target: str, record: Record) -> str:
        columns = (column for column, _ in record.values if (rule := self.rule(column)) and rule.to == target)
        return record.first(*columns)

    def _find_rule(self, column: str) -> Rule | None:
        stated = self.mapping.rule_of(column)
        if stated is not False:
            return stated
        preset = self.preset_rule(column)
        if preset is False:
            return None if self.mapping.other_columns == "leave out" else self.attribute(column)
        if preset and preset.to.startswith(_ATTRIBUTE):
            return self.attribute(preset.to.removeprefix(_ATTRIBUTE), separator=preset.separator, type_=preset.type)
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
