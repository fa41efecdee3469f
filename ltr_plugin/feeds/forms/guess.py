"""What the columns of a table are by their names, by the same words as of fields of an index, and by their values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from ltr_plugin.catalog.schema import FieldType
from ltr_plugin.feeds.forms.form import NO_FIELDS, Form, attribute_name
from ltr_plugin.feeds.mapping import NO_MAPPING, FeedMapping, FormName, Rule
from ltr_plugin.feeds.records import Record
from ltr_plugin.profile.field_names import CODE, Naming, is_second_choice, namings

_SINGLE = ("id", "title", "brand", "model", "price", "currency", "released", "group")
_SEVERAL = ("description", "category", "images", "audio", "video", "ean")
_REDUCED = re.compile(r"sale|special|offer|promo|angebot|aktion|sonder|reduziert|promotion|solde|oferta|offerta", re.I)
MIN_SHARE = 0.1
"""Of the values of a column that must have a separator, for it to be taken as one."""

_STAT = re.compile(r"[\w-]{1,64}")


def guess_rules(columns: Iterable[str]) -> dict[str, Rule]:
    """Rules for the columns whose names say what they are; the others are attributes."""
    names = {column: namings(column) for column in columns}
    found: dict[str, Rule] = {}
    for part in _SINGLE:
        fitting = {
            column: naming
            for column, of_column in names.items()
            if (naming := of_column.get(part))
            and naming.fit > CODE
            and _is_best(part, of_column)
            and column not in found
        }
        if part == "price":
            _add_prices(found, fitting)
        elif fitting:
            found[max(fitting, key=lambda column: _rank(column, fitting[column]))] = Rule(to=part)
    for column, of_column in names.items():
        if column in found:
            continue
        if several := next((one for one in _SEVERAL if _is_several(one, column, of_column)), None):
            found[column] = _rule(several)
        elif (popular := of_column.get("popularity")) and popular.fit > CODE and _STAT.fullmatch(column):
            found[column] = Rule(to=f"stats.{column}")
    return found


def _is_several(part: str, column: str, of_column: Mapping[str, Naming]) -> bool:
    naming = of_column.get(part)
    return bool(
        naming and naming.fit > CODE and _is_best(part, of_column)
        and (part not in ("images", "description") or not is_second_choice(column))
    )  # fmt: skip


def _is_best(part: str, of_column: Mapping[str, Naming]) -> bool:
    """Whether no other part fits the name better."""
    return of_column[part].fit == max(naming.fit for name, naming in of_column.items() if name != "stats")


def _rank(column: str, naming: Naming) -> tuple[int, bool, int]:
    return naming.fit, not is_second_choice(column), -naming.order


def _add_prices(found: dict[str, Rule], fitting: Mapping[str, Naming]) -> None:
    """The price, and beside it the reduced one."""
    usual = {column: naming for column, naming in fitting.items() if not is_second_choice(column)} or fitting
    full = {column: naming for column, naming in usual.items() if not _REDUCED.search(column)}
    if full:
        found[max(full, key=lambda column: _rank(column, full[column]))] = Rule(to="price")
    reduced = [column for column in usual if column not in full]
    if reduced:
        found[reduced[0]] = Rule(to="sale_price" if full else "price")


def _rule(part: str) -> Rule:
    if part == "category":
        return Rule(to=part, levels=">")
    return Rule(to=part, separator="," if part in ("images", "audio", "video", "ean") else "")


def refine_rules(rules: Mapping[str, Rule], records: Sequence[Record]) -> dict[str, Rule]:
    """The rules with the separators that values of these records show, and rules for attributes that are lists."""
    refined = dict(rules)
    for column, texts in _texts(records).items():
        rule = rules.get(column)
        if rule is None:
            if separator := _most_frequent(texts, ("|",), MIN_SHARE):
                refined[column] = Rule(to=f"attributes.{attribute_name(column)}", separator=separator)
        elif rule.to == "category":
            levels = _most_frequent(texts, (">", "»", "/", "|", "\\", "::"), MIN_SHARE)
            separator = _most_frequent(texts, ("|", ";"), MIN_SHARE) if levels and levels != "|" else ""
            refined[column] = rule.model_copy(update={"levels": levels, "separator": separator})
        elif rule.to in ("images", "audio", "video", "ean"):
            separator = _most_frequent(texts, ("|", ";", ",", "\n"), 0)
            refined[column] = rule.model_copy(update={"separator": separator})
    return refined


def _texts(records: Sequence[Record]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for record in records:
        for column, text in record.values:
            if text:
                texts.setdefault(column, []).append(text)
    return texts


def _most_frequent(texts: Sequence[str], separators: Sequence[str], share: float) -> str:
    """The separator that most of these texts have; empty if none has it, or too few."""
    counts = {one: sum(one in text for text in texts) for one in separators}
    best = max(separators, key=lambda one: counts[one])
    return best if counts[best] > share * len(texts) else ""


class TableForm(Form):
    """A table of a shop's own: what its columns are is guessed by their names where no mapping says it."""

    name: ClassVar[FormName] = "table"

    def __init__(
        self,
        mapping: FeedMapping = NO_MAPPING,
        declared: Mapping[str, FieldType] = NO_FIELDS,
        columns: Iterable[str] = (),
        *,
        only_named: bool = False,
    ) -> None:
        super().__init__(mapping, declared, only_named=only_named)
        others = [column for column in columns if not self.declared_field(column)]
        self._guessed = {} if mapping.columns else guess_rules(others)

    def refine(self, records: Sequence[Record]) -> None:
        """Takes the separators of lists from records, where no mapping says what the columns are."""
        if not self.mapping.columns:
            self._guessed = refine_rules(self._guessed, records)
            self._rules.clear()

    def preset_rule(self, column: str) -> Rule | Literal[False] | None:
        """What the name of the column says."""
        return self._guessed.get(column, False)
