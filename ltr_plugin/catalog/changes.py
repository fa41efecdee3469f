"""Changes of a catalog: whole products, updates of some fields, deletions, requests to embed again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictBool, create_model, model_validator

from ltr_plugin.catalog.object_updates import (
    VARIANT_KEY,
    AttributeUpdates,
    changed_objects,
    field_types,
    merge_patch,
    variant_updates,
)
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.schema import VARIANTS
from ltr_plugin.catalog.values import (
    MAX_STATS,
    Identifier,
    Stat,
    StatName,
)
from ltr_plugin.validation import StrictModel, decode

CHANGES_PER_CALL = 500
"""Changes that are written in one call to the cluster."""


class CatalogEntry(Product):
    """A line of a catalog: a product, or with `deleted` the id of a product to delete."""

    deleted: StrictBool = False

    @model_validator(mode="after")
    def _check_whole(self) -> "CatalogEntry":
        return self if self.deleted else super()._check_whole()  # type: ignore[operator]


class ProductUpdate(StrictModel):
    """New values for some fields of an existing product, or with `deleted` the id of a product to delete.

    A JSON merge patch (RFC 7396): an absent field stays, null removes a field, attributes and stats are merged key by
    key, and everything else, lists too, is replaced. Beyond it, the objects of `object_keys` are merged by their keys:
    those that are named get the named values, or go with `deleted`, and the others stay. `ProductUpdateModel` has the
    fields.
    """

    object_keys: ClassVar[Mapping[str, str]] = MappingProxyType({VARIANTS: VARIANT_KEY})

    id: Identifier
    deleted: StrictBool = False

    def sets(self, field: str) -> bool:
        """Whether the update changes or removes a field."""
        return field in self.model_fields_set

    def apply_to(self, fields: Mapping[str, Any], product_type: type[Product] = Product) -> Product:
        """The product of these fields (JSON) with the new values; `product_type` is that of the index.

        InputError when the result is not a product, as without title and media.
        """
        patch = self.model_dump(mode="json", exclude_unset=True, exclude={"deleted"})
        for path, key in self.object_keys.items():
            if patch.get(path) is not None:
                patch[path] = changed_objects(fields.get(path) or (), patch[path], key)
        return decode(product_type, merge_patch(fields, patch), source=f"product {self.id}")


class ReembedRequest(StrictModel):
    """The id of a product to embed again, although its content seems unchanged."""

    id: Identifier


Change = Product | ProductUpdate | ReembedRequest
"""A CatalogEntry is a Product too."""

ChangeKind = Literal["put", "update", "reembed"]

_FIELD_TYPES: dict[str, Any] = {
    **{name: type_ for name, type_ in field_types(Product).items() if name != "id"},
    "attributes": AttributeUpdates,
    VARIANTS: variant_updates(),
    "stats": Annotated[dict[StatName, Stat | None], Field(max_length=MAX_STATS)],
}
_FIELDS: dict[str, Any] = {name: (kind | None, None) for name, kind in _FIELD_TYPES.items()}
ProductUpdateModel: type[ProductUpdate] = create_model("ProductUpdate", __base__=ProductUpdate, **_FIELDS)
"""The form of an update, with the fields of a product."""
