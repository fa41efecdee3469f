"""Index profiles: the parts of a product in fields of any name, and what a wrong profile is told."""

import pytest
import yaml

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.errors import InputError
from ltr_plugin.profile.first_pass import FirstPass, VectorScale
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields, value_at
from ltr_plugin.profile.yaml_file import profile_yaml
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


@pytest.mark.parametrize("name", ["text", "pins", "sort", "filter_brand", "filter.price_max", "sort_price"])
def test_a_vector_field_cannot_have_the_name_of_another_parameter(name):
    filters = [
        {"name": "brand", "field": "brand", "type": "keyword"},
        {"name": "price", "field": "price", "type": "number"},
    ]
    fingerprint = dict.fromkeys(("library", "model", "revision", "preprocessing", "weights"), "x") | {"dimension": 2}
    vector = {"name": name, "source": "text", "encoder": "x:x", "fingerprint": fingerprint}
    with pytest.raises(InputError, match="means something else in a search"):
        decode(IndexProfile, {"text_fields": ["t"], "filters": filters, "vectors": [vector]}, source="index.yaml")


def test_a_popularity_that_no_query_string_can_name_is_wrong_input():
    wrong = {"text_fields": ["t"], "first_pass": {"popularity": "{{text}}"}}
    with pytest.raises(InputError, match=r"first_pass\.popularity"):
        decode(IndexProfile, wrong, source="index.yaml")


def test_a_query_of_several_lines_keeps_them_in_the_file_of_a_profile():
    query = '{"match":\n  {"titel": "{{text}}"}}'
    profile = IndexProfile(text_fields=("titel",), first_pass=FirstPass(query=query))
    text = profile_yaml(profile)
    assert 'query: |-\n    {"match":\n      {"titel": "{{text}}"}}\n' in text
    assert decode(IndexProfile, yaml.safe_load(text), source="index.yaml") == profile


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
    scaled = FirstPass(scales=(VectorScale(query="vektor", field="vektor", weight=3),), query='{"match_all": {}}')
    other = RANKED.model_copy(update={"vectors": (space("other"),), "first_pass": scaled})
    assert other.ranking(vectors=False) == RANKED.ranking(vectors=False)
