"""First profiles of three shops' indices, of an empty one, and what is not guessed."""

import german_shop
import pytest
import yaml

from ltr_plugin.profile.analyzers import analyzer_language
from ltr_plugin.profile.check import profile_problems
from ltr_plugin.profile.draft import draft_profile
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.profile.yaml_file import draft_yaml, profile_yaml
from ltr_plugin.validation import decode

TEXT, KEYWORD = {"type": "text"}, {"type": "keyword"}


def dynamic(**more):
    """A string as dynamic mapping makes it."""
    return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}, **more}


ENGLISH = {
    "properties": {
        "product": {
            "properties": {
                "name": {**dynamic(), "analyzer": "english"},
                "long_description": dynamic(),
                "brand": {"properties": {"id": {"type": "long"}, "name": dynamic()}},
                "categories": KEYWORD,
                "media": {"properties": {"main": dynamic(), "clip": dynamic()}},
                "sku": KEYWORD,
            }
        },
        "seller": {"properties": {"name": dynamic()}},
        "offer": {
            "properties": {
                "listPrice": {"type": "float"},
                "price": {"type": "float"},
                "priceCurrency": KEYWORD,
                "inStock": {"type": "boolean"},
            }
        },
        "reviews": {"type": "nested", "properties": {"title": TEXT, "stars": {"type": "integer"}}},
        "metrics": {"properties": {"clicks": {"type": "long"}, "ctr": {"type": "float"}}},
        "createdAt": {"type": "date"},
        "updatedAt": {"type": "date"},
        "embedding": {"type": "knn_vector", "dimension": 3, "method": {"name": "hnsw", "space_type": "innerproduct"}},
    }
}
ENGLISH_DOCUMENTS = [
    (
        f"Ab3dEf6hIj{number:02d}kLmNoPqR",
        {
            "product": {
                "name": f"Red mug {number}",
                "long_description": "A mug of clay, burnt twice.",
                "brand": {"id": 3, "name": "Nordvik"},
                "categories": ["Kitchen", "Mugs"],
                "media": {"main": f"https://cdn.example/{number}.jpg?w=200", "clip": f"clips/{number}.mp4"},
                "sku": f"M-{number}",
            },
            "seller": {"name": f"Shop {number} of mugs"},
            "offer": {"listPrice": 14.0, "price": 9.5 + number, "priceCurrency": "EUR", "inStock": True},
            "metrics": {"clicks": number, "ctr": 0.1},
            "createdAt": "2025-01-01",
            "updatedAt": "2025-02-01",
        },
    )
    for number in range(10)
]
FRENCH = {
    "properties": {
        "reference_s": KEYWORD,
        "titre_fr": {"type": "text", "analyzer": "texte"},
        "descriptif_txt_fr": {"type": "text", "analyzer": "texte"},
        "marque_s": {**KEYWORD, "fields": {"txt": {"type": "text", "analyzer": "texte"}}},
        "categorie_ss": KEYWORD,
        "prix_ttc_f": {"type": "float"},
        "prix_ht_f": {"type": "float"},
        "devise_s": KEYWORD,
        "quantite_i": {"type": "integer"},
        "date_sortie_dt": {"type": "date"},
        "image_urls_ss": {**KEYWORD, "index": False, "doc_values": False},
        "extrait_audio_s": KEYWORD,
        "texte_vide_txt": TEXT,
    }
}
FRENCH_SETTINGS = {
    "analysis": {
        "filter": {"racine": {"type": "stemmer", "language": "light_french"}},
        "analyzer": {
            "texte": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "elision", "racine"]}
        },
    }
}
FRENCH_DOCUMENTS = [
    (
        str(number),
        {
            "reference_s": f"R{number}",
            "titre_fr": f"Veste imperméable {number}",
            "descriptif_txt_fr": "Protège de la pluie.",
            "marque_s": "Lagarde",
            "categorie_ss": ["Vêtements"],
            "prix_ttc_f": 60.0,
            "prix_ht_f": 50.0,
            "devise_s": "EUR",
            "quantite_i": 4,
            "date_sortie_dt": "2024-03-01",
            "image_urls_ss": [f"https://img.example/{number}"],
            "extrait_audio_s": f"sons/{number}.ogg",
        },
    )
    for number in range(10)
]


def guessed(draft):
    return {part: guess.value for part, guess in draft.parts.items() if guess.value}


def texts(draft):
    return [guess.value for guess in draft.text_fields]


@pytest.fixture
def german():
    documents = list(german_shop.documents(60).items())
    return draft_profile(german_shop.BODY["mappings"], german_shop.BODY["settings"], documents)


def test_a_flat_german_shop(german):
    assert guessed(german) == {
        "id": "_id",
        "title": "titel",
        "description": "beschreibung",
        "brand": "marke",
        "category": "warengruppe",
        "price": "preis.brutto",
        "stock": "bestand",
        "released": "angelegt",
        "images": "bild",
    }
    assert texts(german) == ["titel^3", "beschreibung", "marke.text^2"]
    assert german.returned_fields == ("titel", "marke", "warengruppe", "preis.brutto", "bild")
    assert german.language.value == "german"
    assert german.language.reason == "the analyzer deutsch has the filter deutsch_stamm (light_german), which titel has"
    assert german.parts["model"].candidates == ("farbe",)
    assert german.parts["title"].reason == "by its name ('titel' is German); text, such as 'Regenjacke rot Modell 0'"
    (vector,) = german.vectors
    assert (vector.name, vector.dimension, vector.space, vector.encoder) == ("vektor", 384, "cosinesimil", None)


def test_a_nested_english_shop():
    draft = draft_profile(ENGLISH, {}, ENGLISH_DOCUMENTS)
    assert guessed(draft) == {
        "id": "product.sku",  # the cluster made up the documents' ids
        "title": "product.name",
        "description": "product.long_description",
        "brand": "product.brand.name",
        "category": "product.categories",
        "price": "offer.price",
        "currency": "offer.priceCurrency",
        "stock": "offer.inStock",
        "released": "createdAt",
        "images": "product.media.main",
        "video": "product.media.clip",
        "stats": "metrics",
    }
    assert texts(draft) == ["product.name^3", "product.long_description", "product.brand.name^2", "seller.name"]
    assert (draft.language.value, draft.vectors[0].space) == ("english", "innerproduct")


def test_a_french_shop_with_suffixes():
    draft = draft_profile(FRENCH, FRENCH_SETTINGS, FRENCH_DOCUMENTS)
    assert guessed(draft) == {
        "id": "_id",
        "title": "titre_fr",
        "description": "descriptif_txt_fr",
        "brand": "marque_s",
        "category": "categorie_ss",
        "price": "prix_ttc_f",
        "currency": "devise_s",
        "stock": "quantite_i",
        "released": "date_sortie_dt",
        "images": "image_urls_ss",
        "audio": "extrait_audio_s",
    }
    assert texts(draft) == ["titre_fr^3", "descriptif_txt_fr", "marque_s.txt^2"]  # texte_vide_txt has no content
    assert draft.language.value == "french"


@pytest.mark.parametrize(
    "mapping", [german_shop.BODY["mappings"], ENGLISH, FRENCH], ids=["german", "english", "french"]
)
def test_an_index_without_documents_is_guessed_by_names_and_types(mapping):
    draft = draft_profile(mapping, {}, [])
    assert {"title", "price", "brand", "category", "released"} <= guessed(draft).keys()
    assert draft.parts["id"].value == "_id"


def test_an_index_without_fields_has_nothing_to_guess():
    draft = draft_profile({}, {}, [])
    assert (guessed(draft), draft.text_fields, draft.vectors) == ({"id": "_id"}, (), ())


def test_values_tell_where_names_do_not():
    mapping = {"properties": {"f1": TEXT, "f2": TEXT, "f3": KEYWORD, "f4": KEYWORD, "f5": KEYWORD, "f6": TEXT}}
    documents = [
        (
            str(n),
            {
                "f1": f"blue chair {n}",
                "f2": "a chair for long days at a desk, with arms and a back of wool that can be washed in water",
                "f3": f"photos/{n}.webp",
                "f4": "USD",
                "f5": f"https://cdn.example/{n}.mp3",
                "f6": f"https://shop.example/chairs/{n}",
            },
        )
        for n in range(10)
    ]
    draft = draft_profile(mapping, {}, documents)
    expected = {"title": "f1", "description": "f2", "images": "f3", "currency": "f4", "audio": "f5", "id": "_id"}
    assert guessed(draft) == expected
    assert texts(draft) == ["f1^3", "f2"]  # f6 are addresses


def test_two_fields_that_may_be_the_title_are_candidates():
    mapping = {"properties": {"f1": TEXT, "f2": TEXT}}
    draft = draft_profile(mapping, {}, [(str(n), {"f1": f"chair {n}", "f2": f"stool {n}"}) for n in range(10)])
    assert draft.parts["title"].value is None
    assert draft.parts["title"].candidates == ("f1", "f2")


@pytest.mark.parametrize("which", ["german", "english", "french"])
def test_the_file_is_a_profile_that_fits(which, german):
    mapping, draft = {
        "german": (german_shop.BODY["mappings"], german),
        "english": (ENGLISH, draft_profile(ENGLISH, {}, ENGLISH_DOCUMENTS)),
        "french": (FRENCH, draft_profile(FRENCH, FRENCH_SETTINGS, FRENCH_DOCUMENTS)),
    }[which]
    text = draft_yaml(draft, ["a shop"])
    profile = decode(IndexProfile, yaml.safe_load(text), source="index.yaml")
    assert profile.product == draft.product_fields()
    assert list(profile.text_fields) == texts(draft)
    assert profile_problems(profile, index_fields(mapping)) == []
    assert max(map(len, text.splitlines())) < 200
    again = decode(IndexProfile, yaml.safe_load(profile_yaml(profile)), source="index.yaml")
    assert again == profile


def test_names_and_values_of_any_kind_do_not_break_the_file():
    mapping = {"properties": {"on": TEXT, "no": KEYWORD, "#title": TEXT, "two words": TEXT, "price": {"type": "float"}}}
    documents = [
        (f"{n}\n# x: y", {"on": f"a: 'b'\n- {n} #c", "no": "EUR", "price": n, "#title": "x y"}) for n in range(9)
    ]
    draft = draft_profile(mapping, {}, documents)
    value = yaml.safe_load(draft_yaml(draft, ["a shop"]))
    assert value["text_fields"] == ["#title^3", "on"]
    assert value["product"]["currency"] == "no"
    decode(IndexProfile, value, source="index.yaml")


@pytest.mark.parametrize(
    ("name", "settings", "language"),
    [
        ("dutch", {}, "dutch"),
        ("standard", {}, None),
        ("a", {"analyzer": {"a": {"type": "italian"}}}, "italian"),
        ("a", {"analyzer": {"a": {"type": "snowball", "language": "Spanish"}}}, "spanish"),
        ("a", {"analyzer": {"a": {"tokenizer": "standard", "filter": ["lowercase", "dutch_stem"]}}}, "dutch"),
        ("a", {"analyzer": {"a": {"filter": "porter_stem"}}}, "english"),
        (
            "a",
            {
                "analyzer": {"a": {"filter": ["stopp", "stamm"]}},
                "filter": {
                    "stopp": {"type": "stop", "stopwords": "_english_"},
                    "stamm": {"type": "stemmer", "name": "minimal_german"},
                },
            },
            "german",
        ),
        ("a", {"analyzer": {"a": {"filter": ["lowercase"]}}}, None),
    ],
)
def test_the_language_of_an_analyzer(name, settings, language):
    found = analyzer_language(name, settings)
    assert (found and found[0]) == language
