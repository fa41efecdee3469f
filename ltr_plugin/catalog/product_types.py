"""Products with the declared fields of an index, which are checked as the standard parts are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, create_model, model_validator

from ltr_plugin.catalog.changes import (
    CatalogEntry,
    Change,
    ChangeKind,
    ProductUpdate,
    ProductUpdateModel,
    ReembedRequest,
)
from ltr_plugin.catalog.localized import LOCALIZED_PARTS, by_language, first_language, read_texts
from ltr_plugin.catalog.object_updates import VARIANT_KEY, object_updates, objects_of, variant_updates
from ltr_plugin.catalog.product import Product, Variant
from ltr_plugin.catalog.schema import VARIANTS, CatalogSchema, DeclaredField, FieldType, NestedField
from ltr_plugin.catalog.values import read_boolean, read_date, read_keyword, read_number, read_text
from ltr_plugin.validation import StrictModel

Key = Annotated[str, BeforeValidator(read_keyword)]
"""The key of an object of a nested field."""

MAX_VALUES = 1000
"""Values that a product may have in one declared field."""

READERS: Mapping[FieldType, Callable[[object], object]] = {
    "keyword": read_keyword,
    "text": read_text,
    "number": read_number,
    "date": read_date,
    "boolean": read_boolean,
}
"""What reads one value of a declared field of each type; ValueError for one that is none."""


class LearnedProduct(Product):
    """A product as encoders learn from it: declared fields and variants say nothing to them, and a text in several
    languages is that in the first."""

    @model_validator(mode="before")
    @classmethod
    def _parts(cls, fields: Any) -> Any:  # noqa: ANN401 - what a line has
        if not isinstance(fields, Mapping):
            return fields
        parts = {name: fields[name] for name in fields if name in Product.model_fields and name != VARIANTS}
        return {name: first_language(value) if name in LOCALIZED_PARTS else value for name, value in parts.items()}


@dataclass(frozen=True)
class ProductTypes:
    """The types of a product with declared fields, of a line of a catalog, and of an update."""

    product: type[Product]
    entry: type[CatalogEntry]
    update: type[ProductUpdate]

    def of(self, kind: ChangeKind) -> "type[Change]":
        """The type of a change of this kind."""
        types: dict[ChangeKind, type[Change]] = {"put": self.entry, "update": self.update, "reembed": ReembedRequest}
        return types[kind]


STANDARD = ProductTypes(Product, CatalogEntry, ProductUpdateModel)


def product_types(schema: CatalogSchema) -> ProductTypes:
    """The types for products of an index with this schema."""
    if not (schema.fields or schema.nested or schema.languages):
        return STANDARD
    return _product_types(schema.fields, schema.nested, tuple(schema.languages))


@lru_cache(maxsize=64)
def _product_types(
    fields: tuple[DeclaredField, ...], nested: tuple[NestedField, ...], languages: tuple[str, ...]
) -> ProductTypes:
    schema = CatalogSchema(fields=fields, nested=nested)
    added = _added(schema, languages)
    updated = _added(schema, languages, removable=True)
    optional: dict[str, Any] = {name: (kind | None, None) for name, (kind, _) in updated.items()}
    update = create_model("ProductUpdate", __base__=ProductUpdateModel, **optional)
    keys = {one.path: one.key for one in nested if one.key}
    update.object_keys = MappingProxyType({**keys, VARIANTS: VARIANT_KEY})
    return ProductTypes(
        create_model("Product", __base__=Product, **added),
        create_model("CatalogEntry", __base__=CatalogEntry, **added),
        update,
    )


def _added(schema: CatalogSchema, languages: tuple[str, ...], *, removable: bool = False) -> dict[str, Any]:
    """The declared fields, and the standard parts that have text in these languages. In an update, where values are
    `removable`, objects with a key may be named in part."""
    added = _members(schema.declared(), languages, removable=removable)
    variants = _members(schema.declared(VARIANTS), languages, removable=removable)
    if languages:
        parts = {"title": read_text, "description": read_text, "category": read_texts}
        added |= {
            name: (Annotated[Any, BeforeValidator(by_language(languages, read, removable=removable))], {})
            for name, read in parts.items()
        }
    if variants and removable:
        added[VARIANTS] = (variant_updates(variants), ())
    elif variants:
        variant = create_model("Variant", __base__=Variant, **variants)
        added[VARIANTS] = (objects_of(variant, None), ())
    for one in schema.nested:
        if one.path != VARIANTS:
            keyed = removable and one.key is not None
            members = _members(schema.declared(one.path), languages, removable=keyed)
            added[one.path] = (
                object_updates(str(one.key), Key, members) if keyed else _objects(one, members),
                None,
            )
    return added


def _members(
    fields: tuple[DeclaredField, ...], languages: tuple[str, ...], *, removable: bool = False
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for one in fields:
        read = _one_or_many(READERS[one.type])
        if languages and one.type == "text":
            read = by_language(languages, read, removable=removable)
        made[one.key] = (Annotated[Any, BeforeValidator(read)] | None, None)
    return made


def _objects(nested: NestedField, members: dict[str, Any]) -> Any:  # noqa: ANN401 - a type
    """The type of a nested field: objects with these members, each with another key."""
    keyed: dict[str, Any] = {nested.key: (Key, ...)} if nested.key else {}
    return objects_of(create_model("Object", __base__=StrictModel, **{**members, **keyed}), nested.key) | None


def _one_or_many(read: Callable[[object], object]) -> Callable[[object], object]:
    def checked(value: object) -> object:
        if value is None or not isinstance(value, list | tuple):
            return None if value is None else read(value)
        if len(value) > MAX_VALUES:
            raise ValueError(f"has more than {MAX_VALUES:,} values; leave some out")
        return tuple(map(read, value)) or None

    return checked
