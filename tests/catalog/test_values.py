"""Values that the cluster would refuse, or keep as something else, are refused with what, where and what to do."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product, read_leniently
from ltr_plugin.validation import problems_of

MUG = {"id": "a", "title": "mug"}
WRONG = [
    ({"id": "é" * 257}, "$.id", "at most 512 bytes"),
    ({"id": "a b"}, "$.id", "no blanks"),
    ({"price": "12"}, "$.price", "valid number, not '12'"),
    ({"price": True}, "$.price", "valid number, not True"),
    ({"price": -1}, "$.price", "greater than or equal to 0"),
    ({"currency": "x" * 40_000}, "$.currency", "longer than 512 bytes"),
    ({"ean": ["1", "x" * 40_000]}, "$.ean[1]", "longer than 512 bytes"),
    ({"released": 2020}, "$.released", "2020 is no date; write it as text"),
    ({"released": "2020"}, "$.released", "'2020' is no date"),
    ({"released": "2020-02-30"}, "$.released", "day is out of range"),
    ({"released": "2020-01-01T00:00:00+20:00"}, "$.released", "is no date"),
    ({"attributes": {"n": 10**307}}, "$.attributes.n", "has over 64 bits; write it as text"),
    ({"attributes": {"n": [1, -(2**63) - 1]}}, "$.attributes.n", "has over 64 bits"),
    ({"attributes": {"n": {"deep": [[[1]]]}}}, "$.attributes.n", "is no text, number, true or false"),
    ({"attributes": {"n": [["x"]]}}, "$.attributes.n", "is no text, number, true or false"),
    ({"attributes": {"": 1}}, "$.attributes.", "needs a name"),
    ({"attributes": {"n" * 600: 1}}, f"$.attributes.{'n' * 600}", "longer than 512 bytes"),
    ({"attributes": {str(n): n for n in range(10_001)}}, "$.attributes", "more than 10,000 entries"),
    ({"stats": {"n": 10**307}}, "$.stats.n", "1e+307 is outside of what the index keeps"),
    ({"stats": {"n": "4.4"}}, "$.stats.n", "valid number"),
    ({"stats": {"a.b": 1}}, "$.stats.a.b", "'a.b' is no name of a number"),
    ({"stats": {"": 1}}, "$.stats.", "is no name of a number"),
    ({"stats": {str(n): n for n in range(101)}}, "$.stats", "more than 100 entries"),
    ({"deleted": "yes"}, "$.deleted", "valid boolean, not 'yes'"),
    ({"deleted": 1}, "$.deleted", "valid boolean, not 1"),
]


@pytest.mark.parametrize("type_", [CatalogEntry, ProductUpdateModel])
@pytest.mark.parametrize("decoded", [False, True])
@pytest.mark.parametrize(
    ("fields", "location", "message"), WRONG, ids=[f"{w[1][:20]}-{n}" for n, w in enumerate(WRONG)]
)
def test_a_wrong_value_is_one_clear_problem(type_, decoded, fields, location, message):
    adapter = TypeAdapter(type_)
    read, record = adapter.validate_json, json.dumps(MUG | fields)
    if decoded:
        read, record = adapter.validate_python, MUG | fields
    with pytest.raises(ValidationError) as raised:
        read(record)
    (problem,) = problems_of(raised.value)
    assert problem.location == location
    assert message in problem.message
    assert len(problem.message) < 300


def test_all_mistakes_of_a_product_are_told_together():
    wrong = {"price": "1", "released": 1, "stats": {"a.b": 1, "n": 1e300}, "attributes": {"n": 2**64}, "deleted": "no"}
    with pytest.raises(ValidationError) as raised:
        CatalogEntry.model_validate(MUG | wrong)
    assert len(problems_of(raised.value)) == 6


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "é" * 256},
        {"released": "2026-05-01"},
        {"released": "0001-01-01T00:00:00+18:00"},
        {"released": "2026-05-01T12:00:00.123456Z"},
        {"attributes": {"a.b": [1, 2.5, True, "x"], "n": 2**63 - 1, "nul": "a\x00b"}},
        {"stats": {"verkäufe_30-tage": -3.4e38, "none": 0}},
    ],
)
def test_what_the_cluster_takes_is_written_as_it_was_given(fields):
    product = CatalogEntry.model_validate_json(json.dumps(MUG | fields))
    assert product.model_dump(mode="json", exclude_defaults=True) == MUG | fields


@pytest.mark.parametrize(
    "fields", [{"title": "\ud800"}, {"attributes": {"n": "\ud800"}}, {"attributes": {"\ud800": 1}}]
)
def test_half_a_character_is_a_mistake_of_its_product(fields):
    with pytest.raises(ValidationError):
        CatalogEntry.model_validate(MUG | fields)


def test_a_stored_product_that_breaks_a_later_rule_is_read_without_that_value():
    stored = MUG | {"stats": {"a.b": 1}, "attributes": {"n": 10**400}, "price": 3}
    assert read_leniently(stored).model_dump(exclude_defaults=True) == MUG | {"price": 3}
    assert read_leniently({"id": "a"}).title == ""
    assert read_leniently(MUG) == Product.model_validate(MUG)
