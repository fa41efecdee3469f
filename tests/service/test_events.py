"""Events over HTTP are stored once, for searches of this service; searches are logged behind their answers."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime

import pytest
from busy_proxy import busy_proxy
from running_service import running_service

from ltr_plugin.cluster.feedback.daily_indices import event_indices, query_indices
from ltr_plugin.pipelines.feedback.record_events import SearchRecord, record_searches
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.feedback import search_log
from ltr_plugin.service.keys import new_key

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def shop(shop_of_words):
    """A shop without encoders: nothing here needs vectors."""
    return shop_of_words


@pytest.fixture(scope="module")
def service(service_of_words):
    """The service on it."""
    return service_of_words


@pytest.fixture
def query_id(service):
    """The id of a search."""
    return service.post("/v1/search", {"text": "mug", "size": 3}).body["query_id"]


def event(query_id, action="click", **changes):
    """An event of now about the first product."""
    attributes = {"object": {"object_id": "red-mug", "object_id_field": "_id"}, "position": {"ordinal": 1}}
    now = datetime.now(UTC).isoformat()
    return {"action_name": action, "query_id": query_id, "timestamp": now, "event_attributes": attributes, **changes}


def as_page(service):
    """Headers with the page's own key."""
    return {"Authorization": f"Bearer {service.app.state.service.configuration.page_key}"}


def stored(indices, query_id):
    """The documents of a query id."""
    indices.refresh()
    return [hit["_source"] for hit in indices.search({"query": {"term": {"query_id": query_id}}})["hits"]["hits"]]


def logged(shop, query_id):
    """The record of a search, once it is written."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if found := stored(query_indices(shop.cluster), query_id):
            return found[0]
        time.sleep(0.2)
    raise AssertionError("the search was not logged")


def test_events_of_a_search_are_stored_once_and_wrong_ones_are_named(service, shop, query_id):
    events = [
        event(query_id, "impression"),
        event(query_id, client_id="c1", session_id="s1", user_query="mug", message="hello"),
        event("made-up"),
        {"action_name": "click", "query_id": query_id},
        event(query_id, consent=True, client_id="c1", user_query="mug"),
    ]
    answer = service.post("/v1/events", events, **as_page(service))
    assert answer.status == 202, answer.body
    assert answer.body["stored"] == 3
    assert [(one["position"], one["problems"][0]["location"]) for one in answer.body["refused"]] == [
        (3, "$.query_id"), (4, "$.timestamp"),
    ]  # fmt: skip
    assert service.post("/v1/events", events, **as_page(service)).body["stored"] == 3
    documents = stored(event_indices(shop.cluster), query_id)
    assert len(documents) == 3
    (agreed,) = [one for one in documents if one["consent"]]
    assert agreed["user_query"] == "mug"
    assert agreed["client_id"] != "c1"
    counted = [one for one in documents if not one["consent"]]
    assert not any({"client_id", "session_id", "user_query", "message"} & one.keys() for one in counted)
    assert {one["index"] for one in documents} == {shop.alias}


@pytest.mark.parametrize("form", ["one", "lines", "together"])
def test_events_come_alone_in_lines_or_together(service, query_id, form):
    one, other = event(query_id), event(query_id, "view")
    body = {
        "one": json.dumps(one),
        "lines": f"{json.dumps(one)}\n{json.dumps(other)}\n",
        "together": json.dumps({"consent": False, "events": [one, other]}),
    }[form]
    answer = service.post("/v1/events", body, **as_page(service) | {"content-type": "text/plain"})
    assert (answer.status, answer.body["stored"]) == (202, 1 if form == "one" else 2)


def test_a_beacon_has_the_key_of_the_page_in_its_address_and_no_other_key(service, query_id):
    key = service.app.state.service.configuration.page_key
    beacon = service.post(f"/v1/events?key={key}", event(query_id), **{"content-type": "text/plain"})
    assert (beacon.status, beacon.body["stored"]) == (202, 1)
    assert service.post("/v1/events?key=other", event(query_id)).status == 401
    assert service.post(f"/v1/events?key={key}", event("of another service")).body["stored"] == 0


def test_importers_bring_events_of_other_searches(service):
    assert service.post("/v1/events", [event(uuid.uuid4().hex), event(None)]).body["stored"] == 2


def test_the_page_of_another_origin_is_not_this_machine(service, query_id):
    foreign = service.post("/v1/events", event(query_id), Origin="https://evil.example")
    assert foreign.status == 401
    assert service.post("/v1/events", event(query_id), Origin=service.url).status == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422), ("[]", 422), (json.dumps([{}] * 101), 422), ("[" * 100_000, 202), (b"\xff" * 10, 202),
        ("x" * (3 << 20), 413),
    ],
    ids=["empty", "none", "many", "deep", "bytes", "large"],
)  # fmt: skip
def test_bodies_that_are_no_events_are_refused(service, body, status):
    answer = service.post("/v1/events", body)
    assert answer.status == status
    assert status != 202 or answer.body["stored"] == 0


def test_a_key_for_searches_alone_sends_no_events(shop, shop_settings):
    key, line = new_key("shop", ["search"])
    settings = shop_settings.model_copy(update={"service_keys": line})
    with running_service(ServiceOptions(index=shop.alias, page=False), settings, ready=False) as guarded:
        assert guarded.post("/v1/events", [event("a")]).status == 401
        assert guarded.post("/v1/events", [event("a")], Authorization=f"Bearer {key}").status == 403


def test_while_the_cluster_is_away_events_can_be_sent_again_and_searches_wait_to_be_logged(
    shop, shop_settings, monkeypatch
):
    monkeypatch.setattr(search_log, "WAITING", 3)
    monkeypatch.setattr(search_log, "AGAIN_AFTER_S", 0.2)
    monkeypatch.setattr(search_log, "EVERY_S", 0.2)
    options = ServiceOptions(index=shop.alias, per_minute=1_000_000)
    with busy_proxy(shop.cluster.url) as proxy:
        settings = shop_settings.model_copy(update={"opensearch_url": proxy.url})
        with running_service(options, settings, ready=False) as service:
            proxy.trouble_of = lambda path, _: "drop" if path == "/_bulk" else None
            ids = [service.post("/v1/search", {"text": "mug"}).body["query_id"] for _ in range(5)]
            away = service.post("/v1/events", [event(ids[0])])
            assert (away.status, away.headers["retry-after"]) == (503, "1")
            assert b'searches_logged_total{outcome="dropped"}' in service.get("/metrics").body
            proxy.trouble_of = lambda *_: None
            assert service.post("/v1/events", [event(ids[0])]).body["stored"] == 1
            assert logged(shop, ids[0])["user_query"] == "mug"
            assert stored(query_indices(shop.cluster), ids[4]) == []


def test_a_search_is_logged_with_what_it_showed(service, shop):
    asked = {"text": "Blue  Mug", "size": 3, "filters": {"price": {"max": 25}}, "client_id": "somebody"}
    answer = service.post("/v1/search", asked).body
    record = logged(shop, answer["query_id"])
    assert record["query_response_hit_ids"] == [hit["id"] for hit in answer["hits"]]
    assert (record["user_query"], record["normalized_query"]) == ("Blue  Mug", "blue mug")
    assert record["total"] == answer["total"]
    assert record["query_attributes"]["filters"] == {"price": {"max": 25}}
    assert "somebody" not in json.dumps(record)
    assert record["client_id"]


def test_a_search_without_consent_is_logged_by_the_hour_without_its_client(service, shop):
    answer = service.post("/v1/search", {"text": "mug"}).body
    record = logged(shop, answer["query_id"])
    assert "client_id" not in record
    assert record["timestamp"].endswith(":00:00+00:00")


def test_a_service_may_log_no_searches(shop, shop_settings):
    options = ServiceOptions(index=shop.alias, log_searches=False)
    with running_service(options, shop_settings, ready=False) as service:
        answer = service.post("/v1/search", {"text": "mug"})
        assert answer.status == 200
        assert service.app.state.service.feedback.searches is None


def test_what_many_clients_searched_for_is_suggested(service, shop):
    moment, pseudonyms = datetime.now(UTC), service.app.state.service.feedback.pseudonyms
    searches = [
        SearchRecord(uuid.uuid4().hex, "Red mug XL", shop.alias, moment, 3, ["a"], "_id", client_id=f"client {number}")
        for number in range(20)
    ]
    record_searches(shop.cluster, searches, pseudonyms)
    query_indices(shop.cluster).refresh()
    asyncio.run(service.app.state.service.feedback.refresh())
    assert service.get("/v1/suggest?q=red").body["queries"] == ["red mug xl"]
