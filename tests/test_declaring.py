"""Advice on a key that no profile declares: what it suggests can be declared."""

import re

import pytest
import yaml

from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.declaring import declaring_advice

STORES = [{"store": "berlin", "stock": 1}, {"store": "hamburg", "stock": 2, "open": True}]


@pytest.mark.parametrize(
    ("name", "value", "declared"),
    [
        ("colour", ["red", "blue"], [("colour", "keyword")]),
        ("stock", 3, [("stock", "number")]),
        ("organic", True, [("organic", "boolean")]),
        ("Farbe", "rot", [("farbe", "keyword")]),
        ("Größe (cm)", 3.5, [("groesse_cm", "number")]),
        ("variants.Farbe", "rot", [("variants.farbe", "keyword")]),
        ("stores", STORES, [("stores.stock", "number"), ("stores.open", "boolean")]),
    ],
)
def test_advice_declares_a_key_by_its_value(name, value, declared):
    advice = declaring_advice(name, value)
    stated = {}
    for part in re.findall(r"`((?:fields|nested): .*?)`", advice):
        stated |= yaml.safe_load(part)
    schema = CatalogSchema.model_validate(stated)
    assert [(one.name, one.type) for one in schema.fields] == declared
    assert [(one.path, one.key) for one in schema.nested] == ([("stores", "store")] if name == "stores" else [])
    if "." not in name and name.islower():
        product_types(schema).product.model_validate({"id": "1", "title": "Jacket", name: value})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("measures", {"width": 3}, "an object cannot be declared"),
        ("stores.hours", [{"day": 1}], "objects in objects"),
        ("variants.deleted", True, "updates alone"),
    ],
)
def test_what_cannot_be_declared_is_said(name, value, reason):
    assert reason in declaring_advice(name, value)
    assert "fields:" not in declaring_advice(name, value)
