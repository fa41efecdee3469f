"""The fields of an index that features can read, by what its profile says they mean."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE, in_languages
from ltr_plugin.catalog.schema import DeclaredField, NestedField
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.features.compatibility import FIELD_TYPES, field_type
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_profile import IndexProfile

MAX_TEXT_FIELDS = 12
"""The most text fields that features read."""

_FIELD = re.compile(r"(\{language\}|[A-Za-z_])(\{language\}|[A-Za-z0-9_.])*")


class IndexFields:
    """The fields of a profile whose names and types features can have, as the mapping has them."""

    def __init__(self, profile: IndexProfile, mapping: Mapping[str, Any]) -> None:
        self.product, self.popularity = profile.product, profile.first_pass.popularity
        self._profile, self._mapping = profile, mapping

    def has(self, field: str | None, kind: str) -> bool:
        """Whether the index has this field in all languages, of a type that FIELD_TYPES names for `kind`."""
        if not (field and _FIELD.fullmatch(field)):
            return False
        forms = in_languages(field, self._profile.languages)
        return bool(forms) and all(field_type(self._mapping, one) in FIELD_TYPES[kind] for one in forms)

    def members(self, path: str) -> Iterator[str]:
        """The names of the fields below an object; those of the index itself for an empty path."""
        node = self._mapping
        for name in path.split(".") if path else ():
            node = node.get("properties", {}).get(name, {})
        yield from node.get("properties", {})

    @cached_property
    def text(self) -> list[str]:
        """The text fields, without boosts."""
        return [one for one in self._wanted_text if self.has(one, "text")][:MAX_TEXT_FIELDS]

    @cached_property
    def parts(self) -> dict[str, str]:
        """The part of a product that a text field holds, for those that hold one."""
        return {
            field: part
            for field in self.text
            for part, other in self.product.fields().items()
            if field == other or field.startswith(f"{other}.") or other.startswith(f"{field}.")
        }

    @cached_property
    def vectors(self) -> list[VectorField]:
        """The vector fields."""
        return [one for one in self._profile.vectors if self.has(one.name, "vector")]

    @property
    def declared(self) -> tuple[DeclaredField, ...]:
        """The fields of products that the profile declares, but for those of nested objects."""
        return self._profile.declared()

    @property
    def nested(self) -> list[tuple[FilterField, NestedField]]:
        """The filters by numbers and dates of nested objects, each with the nested field."""
        pairs = [(one, self._profile.nested_of(one.field)) for one in self._profile.filters if one.ordered]
        return [(one, nested) for one, nested in pairs if nested and self.has(one.field, one.type)]

    @property
    def stock(self) -> str | None:
        """The field of a product's stock, if it has one of its own, not one in each nested object."""
        stock = self.product.stock
        return None if stock is None or self._profile.nested_of(stock) else stock

    def without_subfield(self, field: str) -> str:
        """The field that a subfield, such as `title.stem`, belongs to, else the field itself; without its language."""
        parent = field.rpartition(".")[0]
        form = next(iter(in_languages(parent, self._profile.languages)), "")
        plain = parent if parent and field_type(self._mapping, form) else field
        return plain.replace(LANGUAGE, "").strip("._") or plain

    @property
    def left_out(self) -> list[str]:
        """The text and vector fields of the profile that are not among these."""
        wanted = [*self._wanted_text, *(one.name for one in self._profile.vectors)]
        return [one for one in wanted if one not in {*self.text, *(vector.name for vector in self.vectors)}]

    @property
    def _wanted_text(self) -> list[str]:
        return list(self._profile.boosts)
