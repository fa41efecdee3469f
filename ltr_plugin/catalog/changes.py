"""Changes of a catalog: whole products, updates of some fields, deletions, requests to embed again."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, create_model, model_validator

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.values import (
    MAX_ATTRIBUTES,
    MAX_STATS,
    AttributeName,
    AttributeValue,
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
    key, and everything else, lists too, is replaced. `ProductUpdateModel` has the fields.
    """

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
        return decode(product_type, _merge_patch(dict(fields), patch), source=f"product {self.id}")


class ReembedRequest(StrictModel):
    """The id of a product to embed again, although its content seems unchanged."""

    id: Identifier


Change = Product | ProductUpdate | ReembedRequest
"""A CatalogEntry is a Product too."""

ChangeKind = Literal["put", "update", "reembed"]

_FIELD_TYPES: dict[str, Any] = {
    **{
        name: Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        for name, field in Product.model_fields.items()
        if name != "id"
    },
    "attributes": Annotated[dict[AttributeName, AttributeValue | None], Field(max_length=MAX_ATTRIBUTES)],
    "stats": Annotated[dict[StatName, Stat | None], Field(max_length=MAX_STATS)],
}
_FIELDS: dict[str, Any] = {name: (kind | None, None) for name, kind in _FIELD_TYPES.items()}
ProductUpdateModel: type[ProductUpdate] = create_model("ProductUpdate", __base__=ProductUpdate, **_FIELDS)
"""The form of an update, with the fields of a product."""


def _merge_patch(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict):
            target[name] = _merge_patch(dict(target.get(name) or {}), value)
        else:
            target[name] = value
    return target
