"""A search that finds nothing is tried again, with corrected words, then with fewer of them, and says so."""

import pytest
from outdoor_shop import TITLES, outdoor_shop, write_vectors

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.pipelines.query_understanding.relaxed_search import KEPT_S, RelaxedSearch
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.rules import Rules
from ltr_plugin.queries.templates import BASELINES, search_template

pytestmark = pytest.mark.live

TEXT = VectorField("text_vector", "text", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))
IMAGE = VectorField("image_vector", "image", "test:two", Fingerprint("test", "other", "1", 2, "", "0"))


@pytest.fixture(scope="module")
def shop(node_url, tmp_path_factory):
    with outdoor_shop(connect(node_url), tmp_path_factory.mktemp("media"), [TEXT, IMAGE]) as index:
        write_vectors(index, TEXT, {id_: [1.0, place] for place, id_ in enumerate(TITLES)})
        yield index


def served_with(shop, **first_pass) -> ServedSearch:
    profile = shop.profile.model_copy(update={"first_pass": FirstPass(**first_pass)})
    index = Index.open(shop.cluster, shop.alias, profile=profile)
    template = {"source": search_template(index.retrieval(), BASELINES["first-pass"], rules=True)}
    return ServedSearch(index, template, "first-pass", None, Rules())


@pytest.fixture(scope="module")
def served(shop):
    """A search that needs all words."""
    return served_with(shop, minimum_should_match="100%")


def found(served, text, vectors=None, **page):
    relaxed = RelaxedSearch().search(served, served.parameters(text, vectors or {}, Page(**page)))
    return {hit.id for hit in relaxed.result}, relaxed.relaxed, relaxed.corrected


def test_a_search_that_finds_products_stays_as_it_is(served):
    assert found(served, "hiking shoes") == ({"s1", "s2"}, None, None)


def test_corrected_words_come_first(served):
    assert found(served, "hikng shose") == ({"s1", "s2"}, "corrected", "hiking shoes")


def test_fewer_words_find_what_not_all_of_them_do(served):
    assert found(served, "hiking shoes gloves") == ({"s1", "s2", "s3"}, "fewer_words", None)
    assert found(served, "wirless shose") == ({"s1", "s2", "s3", "p2"}, "fewer_words", "wireless shoes")


def test_nothing_is_found_by_words_that_no_product_is_near(served):
    assert found(served, "qqqqqq wwwwww") == (set(), None, None)


def test_a_second_try_keeps_the_filters(served):
    assert found(served, "hikng shose", filters={"price": (2, 2)}) == ({"s2"}, "corrected", "hiking shoes")
    assert found(served, "hiking shoes", filters={"price": (100, 200)}) == (set(), None, None)
    assert found(served, "hiking wireless", filters={"price": (5, 5)}) == ({"p2"}, "fewer_words", None)


def test_the_second_page_is_of_the_same_second_try(served):
    first, second = (found(served, "hikng shose", size=1, start=start) for start in (0, 1))
    assert first[0] | second[0] == {"s1", "s2"}
    assert first[1:] == second[1:] == ("corrected", "hiking shoes")
    assert found(served, "hikng shose", size=5, start=5) == (set(), "corrected", "hiking shoes")


def test_sorted_pages_and_browsing_are_not_tried_again(served):
    assert found(served, "hikng shose", sort="price") == (set(), None, None)
    assert found(served, "", filters={"price": (100, 200)}) == (set(), None, None)


def test_a_first_pass_that_needs_one_word_has_no_fewer(shop):
    assert found(served_with(shop), "hikng gloves") == ({"s1", "s2"}, "corrected", "hiking gloves")
    assert found(served_with(shop), "hiking", filters={"price": (100, 200)}) == (set(), None, None)


def test_a_shops_own_query_is_left_for_fewer_words(shop):
    own = '{"match_phrase": {"title": "{{text}}"}}'
    served = served_with(shop, query=own)
    assert found(served, "hiking shoes") == ({"s1", "s2"}, None, None)
    assert found(served, "shoes hiking") == ({"s1", "s2", "s3"}, "fewer_words", None)


def test_vectors_always_find_something_so_a_correction_is_offered(served):
    vectors = {"text_vector": [1.0, 0.0]}
    everything = set(TITLES)
    assert found(served, "hikng shose", vectors) == (everything, None, "hiking shoes")
    assert found(served, "hiking shoes", vectors) == (everything, None, None)
    assert found(served, "qqqqqq", vectors) == (everything, None, None)


def test_an_offered_correction_is_kept_for_minutes(served):
    now = [0.0]
    relaxed = RelaxedSearch(clock=lambda: now[0])
    params = served.parameters("glvoes", {"text_vector": [1.0, 0.0]}, Page())
    assert relaxed.search(served, params).corrected is None
    list(served.index.cluster.bulk([written(served, "g1", title="Gloves", price=50)]))
    served.index.refresh()
    assert relaxed.search(served, params).corrected is None
    now[0] = KEPT_S + 1
    assert relaxed.search(served, params).corrected == "gloves"
    list(served.index.cluster.bulk([{"_op_type": "delete", "_index": served.index.name, "_id": "g1"}]))
    served.index.refresh()


def written(served, id_, **fields):
    """The action that writes a product without vectors."""
    action = {"_op_type": "index", "_index": served.index.name, "_id": id_, "require_alias": False}
    return {**action, "_source": {"id": id_, **fields}}


def test_a_photo_beside_the_words_needs_no_correction(served):
    assert found(served, "hikng shose", {"image_vector": [1.0, 0.0]}) == (set(), None, None)


def test_a_promoted_template_is_called_with_the_corrected_words(shop):
    try:
        promote(shop, "first-pass")
        served = ServedSearch.open(shop.cluster, shop.alias)
        assert served.template == {"id": shop.alias}
        assert found(served, "hikng shose")[1:] == ("corrected", "hiking shoes")
    finally:
        shop.cluster.call("DELETE", f"/_scripts/{shop.alias}")
