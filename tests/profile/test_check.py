"""What is wrong with a profile for an index, each mistake with its place and what to do."""

import german_shop
import pytest

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.profile.check import profile_problems
from ltr_plugin.profile.differences import profile_differences, ranking_differences
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields

MAPPING = {
    "properties": {
        **german_shop.BODY["mappings"]["properties"],
        "sku": {"type": "text"},
        "titel_alt": {"type": "text", "index": False},
        "name": {"type": "alias", "path": "titel"},
        "daten": {"type": "flat_object"},
        "varianten": {
            "type": "nested",
            "properties": {"text": {"type": "text"}, "preis": {"type": "float"}, "v": {"type": "knn_vector"}},
        },
    }
}
DOCUMENTS = [{"titel": "Tasse", "galerie": ["a.jpg"]}]


def problems(**profile):
    stated = IndexProfile(**{"text_fields": ("titel",), **profile})
    return [(one.location, one.message) for one in profile_problems(stated, index_fields(MAPPING, DOCUMENTS))]


def vector(name, dimension=384):
    return VectorField(name, "text", "test:x", Fingerprint("test", "x", "", dimension, "", "w"))


@pytest.mark.parametrize(
    ("part", "path", "message"),
    [
        ("title", "titl", "no field 'titl' in the index; do you mean titel"),
        ("price", "brutto", "do you mean preis.brutto"),
        ("price", "titel", "is of type text, not a number"),
        ("id", "sku", "is of type text, not a keyword"),
        ("title", "name", "is another form of 'titel'"),
        ("brand", "marke.text", "is another form of 'marke'"),
        ("price", "varianten.preis", "is inside of the nested 'varianten'"),
        ("title", "galerie", "not in the mapping"),
        ("released", "bestand", "not a date"),
        ("stats", "bestand", "not an object"),
        ("stock", "titel", "not a number or boolean"),
        ("images", "preis.brutto", "not text"),
    ],
)
def test_a_field_that_cannot_be_a_part_is_said(part, path, message):
    ((place, said),) = problems(product=ProductFields(**{part: path}))
    assert place == f"$.product.{part}"
    assert message in said


def test_media_may_be_in_documents_alone():
    assert problems(product=ProductFields(images="galerie"), returned_fields=("galerie", "daten.farbe", "preis")) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("titl^2", "no field 'titl'"),
        ("marke^2", "is of type keyword, not text; name marke.text"),
        ("bestand", "is of type integer, not text; name another field"),
        ("titel_alt", "is not indexed"),
        ("varianten.text", "is inside of the nested 'varianten'"),
    ],
)
def test_a_field_that_cannot_be_searched_is_said(path, message):
    ((place, said),) = problems(text_fields=("titel^3", path))
    assert place == "$.text_fields[1]"
    assert message in said
    assert problems(text_fields=("name", "marke.text")) == []


@pytest.mark.parametrize(
    ("field", "place", "message"),
    [
        (vector("vector"), "name", "no field 'vector'"),
        (vector("titel"), "name", "is of type text, not a vector; the index has vektor"),
        (vector("vektor", 512), "encoder", "makes 512 dimensions, but 'vektor' has 384"),
        (vector("varianten.v"), "name", "nested"),
    ],
)
def test_a_vector_field_that_is_none_is_said(field, place, message):
    ((where, said),) = problems(vectors=(vector("vektor"), field) if field.name != "vektor" else (field,))
    assert where.endswith(f"].{place}")
    assert message in said


@pytest.mark.parametrize(
    ("path", "message"),
    [("titel", "is of type text, not a number"), ("umsatz_7", "no field 'umsatz_7' in the index")],
)
def test_a_popularity_that_is_no_number_of_the_index_is_said(path, message):
    ((place, said),) = problems(first_pass=FirstPass(popularity=path))
    assert place == "$.first_pass.popularity"
    assert message in said


def test_all_mistakes_come_together():
    wrong = problems(
        product=ProductFields(title="titl", price="titel"), text_fields=("marke",), returned_fields=("x", "name")
    )
    places = ["$.product.title", "$.product.price", "$.text_fields[0]", "$.returned_fields[0]", "$.returned_fields[1]"]
    assert [place for place, _ in wrong] == places


def test_differences_are_a_line_for_each_key():
    ours = IndexProfile(text_fields=("titel^3", "marke.text"), product=ProductFields(price="preis.netto"))
    kept = IndexProfile(
        text_fields=("titel^3",), product=ProductFields(price="preis.brutto"), vectors=(vector("vektor"),)
    )
    assert profile_differences(ours, kept) == [
        "$.product.price: 'preis.netto', not 'preis.brutto'",
        "$.text_fields[1]: 'marke.text', not none",
        f"$.vectors.vektor: none, not text by test:x ({vector('vektor').fingerprint.digest})",
    ]
    assert profile_differences(ours, ours) == []


def test_what_ranks_otherwise_is_a_phrase_for_each_key():
    then = IndexProfile(text_fields=("titel^3",), vectors=(vector("vektor"),), first_pass=FirstPass(window=50))
    now = IndexProfile(text_fields=("titel^2", "marke.text"), vectors=(vector("vektor"),))
    assert ranking_differences(then.ranking(), now.ranking()) == [
        "$.text_fields.titel was 3.0 and is 2.0",
        "$.first_pass.window was 50 and is not set",
        "$.text_fields.marke.text was not set and is 1.0",
    ]
    assert ranking_differences(now.ranking(), now.ranking()) == []
