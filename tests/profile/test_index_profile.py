"""Index profiles: the parts of a product in fields of any name, and what a wrong profile is told."""

import pytest

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.errors import InputError
from ltr_plugin.profile.first_pass import FirstPass, VectorScale
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields, value_at
from ltr_plugin.validation import decode

SHOP = ProductFields(title="titel", price="preis.netto", category="warengruppe", images="bild", stats="zahlen")


def test_a_product_is_read_from_the_fields_that_the_profile_names():
    product = SHOP.product(
        "a1", {"titel": "Regenjacke", "preis": {"netto": 49.9}, "warengruppe": "Jacken", "bild": "https://shop/a1.jpg"}
    )
    assert (product.id, product.title, product.price) == ("a1", "Regenjacke", 49.9)
    assert (product.category, product.images) == (("Jacken",), ("https://shop/a1.jpg",))


def test_a_value_of_another_form_is_left_out_and_the_others_stay():
    product = SHOP.product("a1", {"titel": "Regenjacke", "preis": {"netto": "ab 49,90"}, "zahlen": {"verkauft": 3}})
    assert (product.title, product.price, product.stats) == ("Regenjacke", None, {"verkauft": 3})


@pytest.mark.parametrize(
    ("source", "value"),
    [({"a": {"b": 1}}, 1), ({"a.b": 1}, 1), ({"a": {"c": 1}}, None), ({"a": 1}, None), ({}, None)],
    ids=["object", "dotted key", "another key", "no object", "nothing"],
)
def test_a_path_finds_objects_and_dotted_keys(source, value):
    assert value_at(source, "a.b") == value


def test_ids_are_those_of_documents_unless_a_field_is_named():
    plain, named = (
        IndexProfile(text_fields=("titel",), product=product) for product in (ProductFields(), ProductFields(id="sku"))
    )
    hit = {"_id": "1", "_source": {"sku": "A-1"}}
    assert (plain.product_id(hit), plain.id_source, plain.ids_query(["1"])) == ("1", (), {"terms": {"_id": ["1"]}})
    assert (named.product_id(hit), named.id_source, named.ids_query(["A-1"])) == (
        "A-1",
        ("sku",),
        {"terms": {"sku": ["A-1"]}},
    )


def test_all_mistakes_are_told_together():
    wrong = {"text_fields": ["titel^x"], "product": {"titel": "titel"}, "vectors": [{"name": "v"}], "colour": "red"}
    with pytest.raises(InputError) as raised:
        decode(IndexProfile, wrong, source="index.yaml")
    places = {problem.location for problem in raised.value.problems}
    assert {"$.text_fields[0]", "$.product.titel", "$.colour"} <= places
    assert any(place.startswith("$.vectors[0]") for place in places)


def space(weights="w", encoder="test:x", source="text") -> VectorField:
    return VectorField("vektor", source, encoder, Fingerprint("test", "x", "", 3, "", weights))


RANKED = IndexProfile(text_fields=("titel^2", "marke"), vectors=(space(),))


@pytest.mark.parametrize(
    "other",
    [
        {"media_root": "/elsewhere"},
        {"returned_fields": ("titel", "preis")},
        {"language": "german"},
        {"product": ProductFields(title="titel")},
        {"text_fields": ("marke^1", "titel^2.0")},
        {"first_pass": FirstPass(window=200)},
        {"vectors": (space(encoder="test:elsewhere/x"),)},
    ],
    ids=str,
)
def test_the_digest_stays_where_products_are_ranked_alike(other):
    assert RANKED.model_copy(update=other).digest == RANKED.digest


@pytest.mark.parametrize(
    "other",
    [
        {"text_fields": ("titel^3", "marke")},
        {"text_fields": ("titel^2",)},
        {"first_pass": FirstPass(window=50)},
        {"vectors": (space("other"),)},
        {"vectors": (space(source="image"),)},
        {"vectors": ()},
    ],
    ids=str,
)
def test_the_digest_changes_with_what_ranks_products(other):
    assert RANKED.model_copy(update=other).digest != RANKED.digest


def test_a_search_by_words_does_not_depend_on_vectors():
    scaled = FirstPass(scales=(VectorScale(query="vektor", field="vektor", weight=3),))
    other = RANKED.model_copy(update={"vectors": (space("other"),), "first_pass": scaled})
    assert other.ranking(vectors=False) == RANKED.ranking(vectors=False)
