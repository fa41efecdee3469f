"""Suggestions while typing, on an index of this library and on a shop's own."""

import pytest
from outdoor_shop import german_outdoor_shop, outdoor_shop

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.query_understanding.suggest import REREAD_S, Suggester

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def shop(node_url, tmp_path_factory):
    with outdoor_shop(connect(node_url), tmp_path_factory.mktemp("media")) as index:
        yield index


@pytest.fixture(scope="module")
def german(node_url):
    with german_outdoor_shop(connect(node_url)) as index:
        yield index


def suggested(index, text, **options):
    return [hit.id for hit in Suggester().suggest(index, text, **options).products]


def values(index, text, **options):
    return [(one.filter, one.value) for one in Suggester().suggest(index, text, **options).values]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("hik", {"s1", "s2"}),
        ("hiking sh", {"s1", "s2"}),
        ("shoes hik", {"s1", "s2"}),
        ("HIKING RE", {"s1"}),
        ("kestrel head", {"p2"}),
        ("bergstro", {"s3", "p3"}),
        ("phone", {"p1", "p2", "p3"}),
        ("hedph", {"p2", "p3"}),
        ("haedphones", {"p2", "p3"}),
        ("hikng shose", {"s1", "s2"}),
        ("hat", {"h1"}),
        ("het", set()),
        ("gloves", set()),
    ],
)
def test_products_have_the_words_of_which_the_last_is_being_typed(shop, text, ids):
    assert set(suggested(shop, text)) == ids


def test_products_that_have_the_word_as_it_is_typed_come_first(shop):
    assert suggested(shop, "phone")[0] in ("p1", "p2", "p3")
    assert suggested(shop, "headphones wireless")[0] == "p2"
    assert suggested(shop, "hiking shoes bleu")[0] == "s2"


def test_an_empty_text_has_no_suggestions(shop):
    assert Suggester().suggest(shop, "  ") == Suggester().suggest(shop, "")
    assert suggested(shop, " ") == []


@pytest.mark.parametrize("text", ['"}]{{text}}', "a.*(b|c", "\\", "*", "?~1", "<1-5>", "\ud83d\udc5f" * 50, "x " * 999])
def test_no_letter_of_a_text_has_a_meaning(shop, text):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    assert suggested(shop, text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sho", [("category", "Shoes")]),
        ("tab", [("category", "Phones & Tablets")]),
        ("one", [("category", "Phones & Tablets")]),
        ("shose", [("category", "Shoes")]),
        ("berg", [("brand", "Bergström")]),
        ("x", []),
    ],
)
def test_values_of_filters_have_the_words(shop, text, wanted):
    assert values(shop, text) == wanted


def test_a_value_says_how_many_products_have_it(shop):
    (found,) = Suggester().suggest(shop, "sho").values
    assert (found.count, found.filter) == (3, "category")


def test_new_values_are_suggested_after_a_minute(shop):
    now = [0.0]
    suggester = Suggester(clock=lambda: now[0])
    assert not suggester.suggest(shop, "novel").values
    list(shop.put([Product(id="n1", title="Gadget", category=("Novelties",))]))
    shop.refresh()
    assert not suggester.suggest(shop, "novel").values
    now[0] = REREAD_S + 1
    assert [one.value for one in suggester.suggest(shop, "novel").values] == ["Novelties"]


def test_frequent_queries_are_those_of_the_function(shop):
    suggester = Suggester(frequent=lambda text: [f"{text}{end}" for end in "abcdefg"])
    assert suggester.suggest(shop, "sho ", size=3).queries == ["shoa", "shob", "shoc"]


def test_a_shops_own_fields_are_searched_in_the_language_of_the_shopper(german):
    assert suggested(german, "wandersch") == ["a"]  # its variant has the same title
    assert suggested(german, "Wanderschuhe r") == ["a"]
    assert suggested(german, "kopfhö") == suggested(german, "kopfho") == ["c"]
    assert suggested(german, "regejacke") == ["d"]
    assert suggested(german, "jack") == ["d"]
    assert suggested(german, "chauss", language="fr") == ["a"]
    assert suggested(german, "chauss") == []
    assert values(german, "schu") == [("rubrik", "Schuhe")]
    with pytest.raises(InputError, match="no language"):
        suggested(german, "x", language="xx")
