"""The shop in German and Chinese: only the words differ, and they say what they should."""

import json
import uuid
from functools import cache

import numpy as np
import pytest
from shop_words import says

from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.demo.judgments import grade, judge
from ltr_plugin.demo.language import ENGLISH, LANGUAGES, load_language
from ltr_plugin.demo.queries import draw_queries
from ltr_plugin.demo.shop import draw_products
from ltr_plugin.demo.traits import Traits
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.search import search

OTHERS = sorted(set(LANGUAGES) - {"en"})
COUNTS = {"typed": 150, "photo": 5, "mixed": 90, "sound": 5, "soundmixed": 45}


@cache
def shop(code):
    """Products and queries, as many as the demo has."""
    language = load_language(code)
    products = draw_products(800, 7, language)
    return products, draw_queries(products, COUNTS, np.random.default_rng([7, 2]), language)


def text_of(product):
    return " ".join([product.record["title"], product.record["description"], *product.record["attributes"].values()])


def lengths(value):
    """The value with the number of its words in place of each list."""
    if isinstance(value, dict):
        return {key: lengths(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, tuple) else "text"


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_as_many_words_for_everything_as_english(code):
    own = load_language(code).model_dump(exclude={"names", "endings", "respelled", "replaced", "after"})
    english = ENGLISH.model_dump(include=own.keys())
    for kind in own["kinds"].values():
        assert len(kind.pop("asked")) in {0, len(kind["nouns"])}
    for kind in english["kinds"].values():
        del kind["asked"]
    assert lengths(own) == lengths(english)


@pytest.mark.parametrize("code", OTHERS)
def test_everything_a_record_names_has_a_word(code):
    records = [product.record for product in shop(code)[0]]
    english = [product.record for product in shop("en")[0]]
    known = {part for record in english for part in (*record["category"], *record["attributes"])}
    values = {value for record in english for name in ("material", "use") for value in [record["attributes"].get(name)]}
    said = {part for record in records for part in (*record["category"], *record["attributes"])}
    labels = {value for record in records for value in record["attributes"].values()}
    assert (said | labels) & (known | values) <= {"Audio"}


@pytest.mark.parametrize("code", OTHERS)
def test_products_queries_and_judgments_differ_from_the_english_ones_only_in_words(code):
    (products, queries), (english, english_queries) = shop(code), shop("en")
    worded = {"title", "description", "category", "attributes"}
    for own, other in zip(products, english, strict=True):
        assert (own.traits, own.photos, own.sounds, own.clips) == (
            other.traits,
            other.photos,
            other.sounds,
            other.clips,
        )
        assert own.record | dict.fromkeys(worded) == other.record | dict.fromkeys(worded)
        assert all(own.record[part] != other.record[part] for part in ("title", "attributes"))
    for own, other in zip(queries, english_queries, strict=True):
        assert (own.id, own.intent, own.photo_traits) == (other.id, other.intent, other.photo_traits)
        assert bool(own.text) == bool(other.text)
    grades = [judge(queries[0].intent, some, np.random.default_rng(1)) for some in (products, english)]
    assert grades[0] == grades[1]
    assert len({query.text for query in queries if query.mode == "typed"}) == COUNTS["typed"]


@pytest.mark.parametrize("code", OTHERS)
def test_texts_name_what_nothing_shows_and_leave_out_much_else(code):
    products = shop(code)[0]

    def told(product, attribute):
        return says(text_of(product), attribute, getattr(product.traits, attribute), code)

    for product in products:
        if product.photos == product.clips == 0:
            assert told(product, "colour")
            assert told(product, "pattern")
        if product.traits.timbre and product.sounds == product.clips == 0:
            assert told(product, "timbre")
    assert 0.4 < np.mean([told(product, "colour") for product in products]) < 0.62
    patterned = [product for product in products if product.traits.pattern != "plain"]
    assert 0.2 < np.mean([told(product, "pattern") for product in patterned]) < 0.4


@pytest.mark.parametrize("code", OTHERS)
def test_texts_beside_photos_say_what_these_do_not_show(code):
    for query in shop(code)[1]:
        if query.mode == "mixed":
            shown, attributes = query.photo_traits, query.intent.attributes
            assert isinstance(shown, Traits)
            wrong = [name for name, value in attributes.items() if getattr(shown, name) != value]
            said = wrong or [name for name in attributes if name not in {"colour", "pattern", "shape"}]
            assert says(query.text, said[0], attributes[said[0]], code)


@pytest.mark.parametrize(
    ("noun", "words", "phrase", "listed"),
    [
        ("Regenschirm", {"colour": "rot", "pattern": "gestreift"}, "roter gestreifter Regenschirm",
         "Regenschirm, rot, gestreift"),
        ("Kaffeetasse", {"material": "Keramik", "colour": "blau"}, "blaue Kaffeetasse aus Keramik",
         "Kaffeetasse, blau aus Keramik"),
        ("Sofakissen", {"brand": "Hazelwyn", "colour": "grün", "use": "fürs Büro"},
         "Hazelwyn grünes Sofakissen fürs Büro", "Sofakissen, Hazelwyn, grün fürs Büro"),
        ("Spieluhr", {"colour": "rosa"}, "rosa Spieluhr", "Spieluhr, rosa"),
    ],
)  # fmt: skip
def test_german_adjectives_have_the_gender_of_the_compounds_last_part(noun, words, phrase, listed):
    german = load_language("de")
    assert german.phrase(noun, words) == phrase
    assert german.phrase(noun, words, listed=german.comma) == listed


def test_every_german_noun_has_one_gender():
    german = load_language("de")
    for kind in german.kinds.values():
        for noun in (*kind.nouns, *kind.asked, *(word for words in kind.shapes.values() for word in words)):
            endings = [name for name, parts in german.endings.items() if noun.lower().endswith(parts)]
            assert len(endings) == 1, noun


def test_german_shoppers_type_small_letters_parts_of_compounds_and_some_no_umlauts():
    products, queries = shop("de")
    texts = [query.text for query in queries if query.mode == "typed"]
    assert texts == [text.lower() for text in texts]
    assert sum("ü" in text for text in texts) > sum("fuer" in text for text in texts) > 3
    offered = {word.lower() for product in products for word in product.record["title"].split()}
    parts = {text for text in texts if any(word.endswith(text) and word != text for word in offered)}
    assert {"kanne", "kissen"} <= parts


@pytest.mark.live
def test_german_queries_find_something_by_words(node_url, tmp_path):
    cluster, catalog = connect(node_url), tmp_path / "catalog.jsonl"
    products, queries = shop("de")
    catalog.write_text("".join(json.dumps(product.record) + "\n" for product in products), "utf-8")
    options = IndexOptions(schema=CatalogSchema(language=LANGUAGES["de"]))
    index = write_catalog(cluster, catalog, f"german-{uuid.uuid4().hex[:8]}", (), options=options).index
    traits = {product.id: product.traits for product in products}
    found = [
        any(grade(query.intent, traits[hit.id]) >= 2 for hit in search(index, query.text, ranker="bm25"))
        for query in queries[:40]  # typed ones
    ]
    cluster.call("DELETE", f"/{index.name}")
    assert np.mean(found) > 0.6
