"""The stamp of a change: a time with its zone, or a number."""

import pytest
from pydantic import ValidationError

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product


def stamp(value):
    return Product(id="a", title="mug", changed=value).changed


def test_times_are_compared_whatever_their_zone_and_form():
    assert stamp("2026-05-01T12:00:00Z") == stamp("2026-05-01T14:00:00+02:00") == 1777636800000000
    assert stamp("2026-05-01T12:00:00.000001Z") == 1777636800000001
    assert stamp("1970-01-01T00:00:00Z") == stamp(0) == 0
    assert stamp(2**63 - 2) == 2**63 - 2
    assert CatalogEntry(id="a", deleted=True, changed=7).changed == ProductUpdateModel(id="a", changed=7).changed == 7


@pytest.mark.parametrize(
    "value", ["2026-05-01", "2026-05-01T12:00:00", "17", "yesterday", "", True, -1, 2**63 - 1, 1.5, "1969-01-01T00:00Z"]
)
def test_what_cannot_be_compared_is_refused(value):
    with pytest.raises(ValidationError, match=r"time with its zone|greater than or equal|less than|fractional"):
        stamp(value)
