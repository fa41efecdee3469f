"""Suggestions, corrections, second tries, marked words and neighbours, asked of a running service."""

import json
from urllib.parse import urlencode

import pytest
from outdoor_shop import outdoor_shop
from running_service import running_service

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def service(node_url, tmp_path_factory):
    """The service on an index without vectors."""
    with (
        outdoor_shop(connect(node_url), tmp_path_factory.mktemp("media")) as index,
        running_service(ServiceOptions(index=index.alias), Settings(opensearch_url=node_url)) as running,
    ):
        yield running


def suggested(service, q, **options):
    response = service.get(f"/v1/suggest?{urlencode({'q': q, **options})}")
    assert response.status == 200, response.body
    return response.body


def searched(service, **fields):
    response = service.post("/v1/search", fields)
    assert response.status == 200, response.body
    return response.body


def ids(response):
    return {hit["id"] for hit in response["hits"]}


def test_suggestions_have_products_and_categories_with_their_filter(service):
    found = suggested(service, "sho", size=2)
    assert {one["id"] for one in found["products"]} < {"s1", "s2", "s3"}
    assert len(found["products"]) == 2
    assert found["products"][0].keys() >= {"id", "title", "brand", "price", "photo"}
    assert found["categories"] == [{"name": "Shoes", "count": 3, "filter": {"category": ["Shoes"]}}]
    assert ids(searched(service, filters=found["categories"][0]["filter"])) == {"s1", "s2", "s3"}
    assert suggested(service, "") == {"products": [], "categories": [], "queries": []}


@pytest.mark.parametrize("params", [{}, {"q": "x" * 1001}, {"q": "x", "size": 0}, {"q": "x", "language": "fr"}])
def test_wrong_requests_for_suggestions_are_refused(service, params):
    response = service.get(f"/v1/suggest?{urlencode(params)}")
    assert response.status == 422
    assert response.body["problems"]


def test_a_search_says_that_its_words_were_corrected(service):
    found = searched(service, text="hikng shose")
    assert (found["relaxed"], found["corrected"]) == ("corrected", "hiking shoes")
    assert ids(found) >= {"s1", "s2"}
    as_typed = searched(service, text="hikng shose", relax=False)
    assert (as_typed["hits"], as_typed.get("relaxed"), as_typed.get("corrected")) == ([], None, None)


def test_words_are_marked_in_texts_whose_html_is_escaped(service):
    (hit,) = searched(service, text="light running", highlight=True, filters={"brand": "Bergström"}, size=1)["hits"]
    assert hit["title"] == "Running shoes <b>light</b>"
    (marked,) = {part for parts in hit["highlight"].values() for part in parts}
    assert marked == "<em>Running</em> shoes &lt;b&gt;<em>light</em>&lt;&#x2F;b&gt;"


def test_more_like_a_product_is_in_the_form_of_a_search(service):
    response = service.get("/v1/similar/s1?size=2")
    found = response.body
    assert response.status == 200
    assert found["ranker"] == "words"
    assert found["hits"][0]["id"] == "s2"
    assert found["query_id"]
    assert "s1" not in ids(found)


def test_more_like_a_product_is_within_filters(service):
    brand = service.get("/v1/similar/s1").body["hits"][-1]["brand"]
    found = service.get(f"/v1/similar/s1?{urlencode({'filters': json.dumps({'brand': brand})})}").body
    assert {hit["brand"] for hit in found["hits"]} == {brand}
    for filters in ("{", "[]", '{"smell": "x"}'):
        wrong = service.get(f"/v1/similar/s1?{urlencode({'filters': filters})}")
        assert wrong.status == 422
        assert wrong.body["problems"]


@pytest.mark.parametrize("id_", ["nobody", "a%2Fb", "%7B%7Btext%7D%7D"])
def test_an_unknown_product_is_not_found(service, id_):
    assert service.get(f"/v1/similar/{id_}").status == 404


def test_products_are_compared_by_what_there_is(service):
    assert service.get("/v1/similar/s1?by=smell").status == 422
