"""Searches over HTTP: the same results as of direct callers, by words, photo and filters; wrong requests are named."""

import json
import os
import signal
import threading
import time

import pytest
from drawn_photo import photo
from running_service import running_service

from ltr_plugin.pipelines.releases import promote
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.queries.encoding import QueryEncoder
from ltr_plugin.queries.page import Page
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.keys import new_key

pytestmark = pytest.mark.live


def ids(answer):
    assert answer.status == 200, answer.body
    return [hit["id"] for hit in answer.body["hits"]]


def test_words_find_products_with_what_a_card_shows(service):
    answer = service.post("/v1/search", {"text": "blue bowl", "size": 3})
    first = answer.body["hits"][0]
    assert (first["id"], first["title"], first["price"], first["currency"]) == ("blue-bowl", "blue bowl", 12.0, "EUR")
    assert answer.body["ranker"] == "first-pass"
    assert "degraded" not in answer.body
    (address,) = first["photos"]
    shown = service.get(address)
    assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
    assert ".png" not in json.dumps(answer.body), "a page need not know where the service keeps files"


def test_a_photo_and_words_are_searched_as_a_direct_caller_searches(service, shop):
    promote(shop, "vectors", shop.alias)
    service.app.state.service.served = ServedSearch.open(shop.cluster, shop.alias)
    asked = {"text": "plate", "size": "10", "filters": '{"price": {"max": 25}}', "facets": "true"}
    answer = service.form("/v1/search", asked, image=photo("red"))
    vectors = QueryEncoder(shop.vectors).encode("plate", image=photo("red"))
    page = Page(10, filters={"price": (None, 25)}, facets=True).parameters(shop.profile)
    body = {"id": shop.alias, "params": {**page, "text": "plate", **vectors}}
    direct = shop.cluster.call("POST", f"/{shop.name}/_search/template", body)["hits"]["hits"]
    shop.cluster.call("DELETE", f"/_scripts/{shop.alias}")
    assert ids(answer) == [hit["_id"] for hit in direct]
    scores = [hit["score"] for hit in answer.body["hits"]]
    assert scores == pytest.approx([hit["_score"] for hit in direct], rel=1e-5)
    assert answer.body["ranker"] == "vectors"
    assert {one["value"] for one in answer.body["facets"]["brand"]} == {"Brand 2"}, "facets count the lexical match"


def test_nothing_asked_is_browsing_and_pages_follow_each_other(service):
    first = ids(service.post("/v1/search", {"size": 10, "sort": "price"}))
    second = ids(service.post("/v1/search", {"size": 10, "from": 10, "sort": "price"}))
    assert first[0] == "red-mug"
    assert len({*first, *second}) == 20


def test_encoded_parameters_are_those_of_the_template(service, shop):
    answer = service.form("/v1/encode", {"text": "red mug"}, image=photo("blue"))
    assert answer.body["params"]["text"] == "red mug"
    assert set(answer.body["params"]) == {"text", *(one.parameter for one in shop.vectors)}


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"size": 101, "txt": "a"}, ["$.size", "$.txt"]),
        ({"filters": {"colour": "red", "price": "cheap"}}, ["filters.colour", "filters.price"]),
        ({"text": "a" * 1001}, ["$.text"]),
        ({"sort": "brand"}, ["sort"]),
        ({"language": "fr"}, ["search"]),
        ({"image": "http://127.0.0.1/x.png"}, ["image"]),
        ([1], ["request"]),
        ("{", ["request"]),
        ("[" * 100_000, ["request"]),
        ({"size": 100, "from": 9_999}, ["page"]),
    ],
)
def test_wrong_requests_are_named_with_all_their_mistakes(service, body, places):
    answer = service.post("/v1/search", body)
    assert answer.status == 422
    assert [one["location"] for one in answer.body["problems"]] == places


def test_files_that_cannot_be_used_are_named(service):
    answer = service.form("/v1/search", image=b"GIF89a, or not")
    assert (answer.status, answer.body["problems"][0]["location"]) == (422, "image")
    other = service.form("/v1/search", image_url=b"x")
    assert (other.status, other.body["problems"][0]["location"]) == (422, "image_url")
    lacking = service.form("/v1/search", audio=b"RIFF")
    assert "has no vectors of audio" in lacking.body["problems"][0]["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service):
    assert service.form("/v1/search", image=bytes(25 << 20)).status == 413
    over = service.form("/v1/search", image=bytes(21 << 20))
    assert (over.status, over.body["problems"][0]["message"]) == (422, "is over the limit of 20 MB")


def test_an_encoder_that_dies_under_load_degrades_searches_and_comes_back(service):
    stop, statuses, degraded = threading.Event(), [], []

    def search(number):
        while not stop.is_set():
            answer = service.post("/v1/search", {"text": f"mug {number} {time.monotonic_ns()}", "size": 1})
            statuses.append(answer.status)
            degraded.append(answer.body.get("degraded", []))

    threads = [threading.Thread(target=search, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        while not degraded:
            time.sleep(0.01)
        encoding = service.app.state.service.encoding
        os.kill(encoding.pid(), signal.SIGKILL)
        until = time.monotonic() + 60
        while encoding.ready and time.monotonic() < until:
            time.sleep(0.01)
        # without its photo, a query of a photo alone would find everything
        photo_alone = service.form("/v1/search", image=photo("red"))
        seen = len(degraded)
        while len(degraded) < seen + 20 and time.monotonic() < until:
            time.sleep(0.01)
        service.wait_until_ready()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}
    assert ["text"] in degraded
    assert (photo_alone.status, photo_alone.body["total"], photo_alone.body["degraded"]) == (200, 0, ["image"])
    assert service.post("/v1/search", {"text": "blue bowl"}).body["hits"][0]["id"] == "blue-bowl"
    assert not service.post("/v1/search", {"text": "another bowl"}).body.get("degraded")


def test_keys_open_what_their_scopes_name(shop, shop_settings):
    (search_key, line), (other, second) = new_key("shop", ["search"]), new_key("importer", ["catalog"])
    settings = shop_settings.model_copy(update={"service_keys": f"{line} {second}"})
    with running_service(ServiceOptions(index=shop.alias, per_minute=6), settings, ready=False) as guarded:
        bearer = {"Authorization": f"Bearer {search_key}"}
        assert guarded.post("/v1/search", {}).status == 401
        assert guarded.post("/v1/search", {}, Authorization="Bearer nonsense").status == 401
        assert guarded.post("/v1/search", {}, **{"X-API-Key": other}).status == 403
        assert {guarded.post("/v1/search", {"size": 1}, **bearer).status for _ in range(12)} == {200}
        page = {"X-API-Key": guarded.app.state.service.configuration.page_key}
        statuses = [guarded.post("/v1/search", {"size": 1}, **page).status for _ in range(12)]
        assert statuses == [200] * 10 + [429] * 2
        limited = guarded.post("/v1/search", {"size": 1}, **page)
        assert 0 < int(limited.headers["retry-after"]) <= 10
        assert guarded.get("/healthz").status == 200
        assert b'ltr_service_requests_total{route="/v1/search",status="429"}' in guarded.get("/metrics").body


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "192.0.2.1"}, {"Host": "evil.example"}, {"Origin": "https://evil.example"}]
)
def test_without_keys_only_this_machine_itself_is_answered(service, headers):
    assert service.post("/v1/search", {"size": 1}, **headers).status == 401


def test_pages_of_named_origins_may_call(shop, shop_settings):
    options = ServiceOptions(index=shop.alias, allow_origins=("https://shop.example",))
    with running_service(options, shop_settings, ready=False) as running:
        key = {"X-API-Key": running.app.state.service.configuration.page_key}
        answers = {
            origin: running.post("/v1/search", {"size": 0}, Origin=origin, **key).headers
            for origin in ("https://shop.example", "https://other.example")
        }
    allowed = {origin: headers.get("access-control-allow-origin") for origin, headers in answers.items()}
    assert allowed == {"https://shop.example": "https://shop.example", "https://other.example": None}


def test_a_template_that_somebody_deletes_takes_no_search_down(service, shop):
    promote(shop, "bm25", shop.alias)
    state = service.app.state.service
    state.served = ServedSearch.open(shop.cluster, shop.alias)
    assert service.post("/v1/search", {"text": "mug"}).body["ranker"] == "bm25"
    shop.cluster.call("DELETE", f"/_scripts/{shop.alias}")
    assert service.post("/v1/search", {"text": "mug"}).body["ranker"] == "first-pass"


def test_what_is_served_follows_the_release(shop):
    served = ServedSearch.open(shop.cluster, shop.alias)
    assert (served.ranker, served.release) == ("first-pass", None)
    before = promote(shop, "vectors", shop.alias).number
    promote(shop, "bm25", shop.alias)
    try:
        served = ServedSearch.open(shop.cluster, shop.alias)
        assert (served.ranker, served.release, dict(served.template)) == ("bm25", before + 1, {"id": shop.alias})
    finally:
        shop.cluster.call("DELETE", f"/_scripts/{shop.alias}")
