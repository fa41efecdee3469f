"""Filters and facets of a profile: guessed from fields, checked against them, and read from the command line."""

import german_shop
import pytest
import yaml

from ltr_plugin.cli.page_options import read_filters
from ltr_plugin.errors import InputError
from ltr_plugin.profile.check import profile_problems, profile_warnings
from ltr_plugin.profile.draft import draft_profile
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.profile.yaml_file import draft_yaml
from ltr_plugin.validation import decode

MAPPING = {
    "properties": {
        "t": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
        "brand": {"type": "keyword"},
        "size": {"type": "keyword", "doc_values": False},
        "hidden": {"type": "keyword", "index": False},
        "price": {"type": "double"},
        "offers": {"type": "nested", "properties": {"price": {"type": "double"}}},
    }
}


def profile(*filters):
    value = {"text_fields": ["t"], "filters": list(filters)}
    return decode(IndexProfile, value, source="index.yaml")


def test_a_draft_filters_by_what_products_have_and_by_keywords_with_few_values():
    made = german_shop.documents(200)
    draft = draft_profile(german_shop.BODY["mappings"], {}, list(made.items()))
    found = {one.field: (one.name, one.type, one.facet.form) for one in draft.filters}
    assert found == {
        "marke": ("marke", "keyword", "terms"),
        "warengruppe": ("warengruppe", "keyword", "terms"),
        "preis.brutto": ("preis_brutto", "number", "ranges"),
        "bestand": ("bestand", "number", "ranges"),
        "angelegt": ("angelegt", "date", "histogram"),
        "farbe": ("farbe", "keyword", "terms"),
    }
    prices = sorted(one["preis"]["brutto"] for one in made.values())
    limits = next(one for one in draft.filters if one.field == "preis.brutto").facet.ranges
    assert [prices[len(prices) * share // 4] for share in (1, 2, 3)] == pytest.approx(limits, rel=0.05)


def test_a_draft_finds_the_key_of_nested_objects_and_filters_by_their_fields():
    types = {"store": "keyword", "sku": "keyword", "size": "keyword", "state": "keyword", "stock": "integer"}
    inside = {"type": "nested", "properties": {name: {"type": type_} for name, type_ in types.items()}}
    mapping = {"properties": {"t": {"type": "text"}, "stores": inside, "notes": {"type": "nested"}}}
    names = ("berlin", "hamburg", "köln")
    documents = [
        {
            "t": "red mug",
            "stores": [
                {"store": name, "sku": f"{number}-{name}", "size": f"{name}-{number % 9}", "state": "new", "stock": 1}
                for name in names[: 1 + number % 3]
            ],
        }
        for number in range(60)
    ]
    draft = draft_profile(mapping, {}, [(str(number), one) for number, one in enumerate(documents)])
    assert [(one.path, one.key) for one in draft.nested] == [("stores", "store")]  # `size` differs, too, and means more
    assert [(one.name, one.field) for one in draft.filters] == [
        ("stores_store", "stores.store"),
        ("stores_size", "stores.size"),
    ]
    read = decode(IndexProfile, yaml.safe_load(draft_yaml(draft, [])), source="index.yaml")
    assert not profile_problems(read, index_fields(mapping))


def test_a_draft_has_no_more_filters_than_a_search_template_has_room_for():
    names = [f"field_{number}" for number in range(40)]
    mapping = {"properties": {"t": {"type": "text"}, **{name: {"type": "keyword"} for name in names}}}
    made = [{"t": "red mug", **dict.fromkeys(names, f"v{number % 3}")} for number in range(60)]
    draft = draft_profile(mapping, {}, [(str(number), one) for number, one in enumerate(made)])
    assert len(draft.filters) == 10


def test_a_date_of_nanoseconds_by_which_descending_searches_hang_is_refused():
    mapping = {"properties": {"t": {"type": "text"}, "made": {"type": "date_nanos"}}}
    stated = profile({"name": "made", "field": "made", "type": "date"})
    (problem,) = profile_problems(stated, index_fields(mapping))
    assert problem.message.startswith("'made' is of type date_nanos, not a date")
    documents = [(str(day), {"t": "red mug", "made": f"2026-01-0{day}"}) for day in range(1, 9)]
    assert not draft_profile(mapping, {}, documents).filters


def test_a_limit_that_a_float_has_a_bit_less_of_is_warned_of():
    mapping = {"properties": {"t": {"type": "text"}, "f": {"type": "float"}, "price": {"type": "double"}}}
    ranges = {"facet": {"ranges": [0.5, 19.99, 50, 1e300]}}
    filters = ({"name": path, "field": path, "type": "number", **ranges} for path in ("f", "price"))
    (warning,) = profile_warnings(profile(*filters), index_fields(mapping))
    assert warning.startswith("$.filters[0].facet.ranges: 'f' is a float, whose values of 19.99 are a bit less")


def test_a_filter_by_a_field_that_cannot_be_filtered_by_is_named_with_its_place():
    stated = profile(
        {"name": "brand", "field": "brnd", "type": "keyword"},
        {"name": "title", "field": "t", "type": "keyword"},
        {"name": "price", "field": "brand", "type": "number"},
        {"name": "hidden", "field": "hidden", "type": "keyword"},
        {"name": "size", "field": "size", "type": "keyword", "facet": {"terms": 5}},
        {"name": "offer", "field": "offers.price", "type": "number"},
        {"name": "fine", "field": "size", "type": "keyword"},
    )
    problems = {one.location: one.message for one in profile_problems(stated, index_fields(MAPPING))}
    assert problems == {
        "$.filters[0].field": "no field 'brnd' in the index; do you mean brand?",
        "$.filters[1].field": "'t' is of type text, not a keyword; name t.keyword",
        "$.filters[2].field": "'brand' is of type keyword, not a number; name another field or type, or leave it out",
        "$.filters[3].field": "'hidden' is not indexed, so a search cannot be filtered by it; leave it out",
        "$.filters[4].field": "'size' has no doc_values, so it is neither counted nor sorted by; leave it out",
        "$.filters[5].field": (
            "'offers.price' is inside of the nested 'offers'; declare that: `nested: [{path: offers}]`"
        ),
    }


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ([{"name": "Brand!", "field": "b", "type": "keyword"}], r"\$\.filters\[0\]\.name"),
        ([{"name": "b", "field": "b", "type": "text"}], "keyword', 'number', 'date' or 'boolean"),
        ([{"name": "b", "field": "b", "type": "keyword", "facet": {}}], "exactly one of terms, ranges, histogram"),
        ([{"name": "b", "field": "b", "type": "keyword", "facet": {"ranges": [1]}}], "a facet of a keyword is terms"),
        ([{"name": "p", "field": "p", "type": "number", "facet": {"ranges": [2, 1]}}], "ranges must ascend"),
        ([{"name": "p", "field": "p", "type": "number", "facet": {"histogram": "year"}}], "a number is a number"),
        ([{"name": "d", "field": "d", "type": "date", "facet": {"histogram": 7}}], "day, week, month, quarter, year"),
        ([{"name": "p", "field": "p", "type": "number"}] * 2, "two filters have the parameter 'filter_p_min'"),
        (
            [{"name": "p", "field": "p", "type": "number"}, {"name": "p_min", "field": "q", "type": "keyword"}],
            "two filters have the parameter 'filter_p_min'",
        ),
    ],
)
def test_a_wrong_filter_of_a_profile_says_what_is_wrong(filters, reason):
    with pytest.raises(InputError, match=reason):
        profile(*filters)


def test_options_are_read_by_the_type_of_their_filter():
    stated = profile(
        {"name": "brand", "field": "brand", "type": "keyword"},
        {"name": "price", "field": "price", "type": "number"},
        {"name": "new", "field": "n", "type": "boolean"},
        {"name": "created", "field": "d", "type": "date"},
    )
    given = ["brand=de Vries", "brand=A=B", "price=..20", "new=true", "created=2025-01-01..2025-02-01"]
    assert read_filters(given, stated) == {
        "brand": ["de Vries", "A=B"],
        "price": {"max": 20.0},
        "new": [True],
        "created": {"min": "2025-01-01", "max": "2025-02-01"},
    }
    assert read_filters(["price=5"], stated) == {"price": {"min": 5.0, "max": 5.0}}
    assert read_filters(["price=5..<9"], stated) == {"price": {"min": 5.0, "below": 9.0}}
    with pytest.raises(InputError) as refused:
        read_filters(["brand", "price=5-7"], stated)
    assert [one.location for one in refused.value.problems] == ["brand", "price=5-7"]
