"""Updates of the objects of a product: each is named by its key."""

import pytest
from pydantic import ValidationError

from ltr_plugin.catalog.changes import ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema

SCHEMA = {
    "languages": {"de": "german", "fr": "french"},
    "fields": [
        {"name": "stores.stock", "type": "number"},
        {"name": "stores.hint", "type": "text"},
        {"name": "variants.colour", "type": "keyword"},
        {"name": "notes.by", "type": "keyword"},
    ],
    "nested": [{"path": "stores", "key": "store"}, {"path": "notes"}],
}
TYPES = product_types(CatalogSchema.model_validate(SCHEMA))
BERLIN = {"store": "berlin", "stock": 1, "hint": {"de": "Eingang B", "fr": "Porte B"}}
HAMBURG = {"store": "hamburg", "stock": 2}
SMALL = {"id": "s", "price": 3.0, "attributes": {"cut": "wide", "hood": "yes"}, "colour": "red"}
LARGE = {"id": "l", "colour": "blue"}
FIELDS = {"stores": [BERLIN, HAMBURG], "variants": [SMALL, LARGE], "notes": [{"by": "Ann"}]}
PRODUCT = {"id": "1", "title": {"de": "Jacke"}, **FIELDS}


def updated(**fields):
    patch = TYPES.update.model_validate({"id": "1", **fields})
    return patch.apply_to(PRODUCT, TYPES.product).model_dump(mode="json", exclude_defaults=True)


@pytest.mark.parametrize(
    ("update", "stores"),
    [
        ([{"store": "hamburg", "stock": 9}], [BERLIN, {"store": "hamburg", "stock": 9}]),
        ([{"store": "berlin", "stock": None}], [{"store": "berlin", "hint": BERLIN["hint"]}, HAMBURG]),
        ([{"store": "berlin", "hint": {"fr": None}}], [{**BERLIN, "hint": {"de": "Eingang B"}}, HAMBURG]),
        ([{"store": "köln", "stock": 4}], [BERLIN, HAMBURG, {"store": "köln", "stock": 4}]),
        ([{"store": "berlin", "deleted": True}, {"store": "nowhere", "deleted": True}], [HAMBURG]),
        ([], [BERLIN, HAMBURG]),
        (None, None),
    ],
)
def test_objects_with_a_key_are_merged_by_it(update, stores):
    made = updated(stores=update)
    assert made.get("stores") == stores
    assert made["variants"] == [SMALL, LARGE]


def test_variants_are_merged_by_their_id_and_objects_without_a_key_are_replaced():
    variants = [{"id": "s", "colour": "green", "price": None, "attributes": {"cut": None}}, {"id": "l", "ean": ["4"]}]
    made = updated(variants=variants, notes=[{"by": "Ben"}, {"by": "Cem"}])
    assert made["variants"] == [
        {"id": "s", "colour": "green", "attributes": {"hood": "yes"}},
        {"id": "l", "colour": "blue", "ean": ["4"]},
    ]
    assert made["notes"] == [{"by": "Ben"}, {"by": "Cem"}]
    plain = ProductUpdateModel.model_validate({"id": "1", "variants": [{"id": "l", "price": 4}]})
    product = plain.apply_to({"id": "1", "title": "Jacket", "variants": [{"id": "s"}, {"id": "l", "ean": ["7"]}]})
    assert [(one.id, one.price, one.ean) for one in product.variants] == [("s", None, ()), ("l", 4, ("7",))]


@pytest.mark.parametrize(
    "stores",
    [
        [{"stock": 3}],
        [{"store": "berlin", "stok": 3}],
        [{"store": "berlin", "stock": "3"}],
        [{"store": "berlin", "stock": 3}, {"store": "berlin", "stock": 4}],
    ],
)
def test_a_wrong_object_of_an_update_is_refused(stores):
    with pytest.raises(ValidationError, match="stores"):
        TYPES.update.model_validate({"id": "1", "stores": stores})


def test_a_put_replaces_and_deletes_no_object():
    assert Product.model_validate({"id": "1", "title": "Jacket", "variants": [{"id": "l"}]}).variants[0].price is None
    with pytest.raises(ValidationError, match="deleted"):
        TYPES.entry.model_validate({"id": "1", "title": "Jacket", "stores": [{"store": "berlin", "deleted": True}]})
    with pytest.raises(ValidationError, match="says in an update"):
        CatalogSchema.model_validate({"fields": [{"name": "variants.deleted", "type": "boolean"}]})
