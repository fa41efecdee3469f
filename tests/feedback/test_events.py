"""UBI events: those of version 1.3 and earlier ones are read, every mistake is named, and what is stored of them."""

import json
from datetime import UTC, datetime

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.feedback.events import UbiEvent, UbiQuery
from ltr_plugin.feedback.privacy import Pseudonyms, stored_event
from ltr_plugin.feedback.reading import MAX_EVENTS, read_events

NOON = "2026-11-30T12:34:56.789Z"
CLICK = {
    "action_name": "click",
    "query_id": "q1",
    "timestamp": NOON,
    "client_id": "c1",
    "session_id": "s1",
    "user_id": "u1",
    "user_query": "my mug",
    "message": "from 10.0.0.1",
    "event_attributes": {
        "object": {"object_id": "mug", "object_id_field": "id", "name": "Mug"},
        "position": {"ordinal": 3, "row": 1, "column": 3, "columns": 4},
        "ip": "10.0.0.1",
        "seen_from": ["2001:db8::1", "home"],
    },
}
PSEUDONYMS = Pseudonyms(b"secret")


def event(**changes):
    return UbiEvent.model_validate({**CLICK, **changes})


def refusals(body):
    return {one.position: [problem.location for problem in one.problems] for one in read_events(body).refused}


def test_an_event_of_version_1_3_is_read_with_its_place_in_the_grid():
    read = event()
    assert read.timestamp == datetime(2026, 11, 30, 12, 34, 56, 789_000, UTC)
    position = read.event_attributes.position
    assert (read.object_id, position.ordinal, position.columns) == ("mug", 3, 4)


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ({"action_name": "item_click"}, {"action_name": "click"}),
        ({"timestamp": 1796042096789}, {"timestamp": NOON}),
        ({"timestamp": " 1796042096789 "}, {"timestamp": NOON}),
        ({"timestamp": "2026-11-30T13:34:56.789+01:00"}, {"timestamp": NOON}),
        ({"timestamp": "2026-11-30T12:34:56.789"}, {"timestamp": NOON}),
        ({"event_attributes": {"position": 3}}, {"event_attributes": {"position": {"ordinal": 3}}}),
        ({"event_attributes": None}, {"event_attributes": {}}),
        (
            {"event_attributes": {"position": {"x": 1, "y": -2, "depth": 5}}},
            {"event_attributes": {"position": {"xy": {"x": 1, "y": -2}, "depth": 5}}},
        ),
        (
            {"session_id": None, "event_attributes": {"session_id": "s1"}},
            {"session_id": "s1", "event_attributes": {}},
        ),
        (
            {"event_attributes": {"object": {"object_id": 4009900000000}}},
            {"event_attributes": {"object": {"object_id": "4009900000000"}}},
        ),
    ],
)
def test_earlier_forms_are_read_as_those_of_today(earlier, now):
    assert event(**earlier) == event(**now)


def test_hits_of_a_query_are_read_under_their_earlier_name():
    query = UbiQuery.model_validate({"user_query": "mug", "query_response_object_ids": ["a", 2], "timestamp": 0})
    assert (query.query_response_hit_ids, query.timestamp.year) == (("a", "2"), 1970)


def test_all_mistakes_of_an_event_are_named_and_its_neighbours_are_read():
    wrong = {
        "action_name": "",
        "timestamp": "yesterday",
        "client_id": "c" * 101,
        "message": "m" * 1025,
        "event_attributes": {"position": {"ordinal": -1}, "object": {"object_id": ""}},
    }
    both = {**CLICK, "event_attributes": {"position": {"ordinal": 1, "xy": {"x": 1, "y": 1}}}}
    read = read_events(json.dumps([CLICK, wrong, 7, {}, both, CLICK]).encode())
    assert [position for position, _ in read.events] == [1, 6]
    assert refusals(json.dumps([CLICK, wrong, 7, {}, both]).encode()) == {
        2: [
            "$.client_id",
            "$.action_name",
            "$.timestamp",
            "$.message",
            "$.event_attributes.object.object_id",
            "$.event_attributes.position.ordinal",
        ],
        3: ["$"],
        4: ["$.action_name", "$.timestamp"],
        5: ["$.event_attributes.position"],
    }


@pytest.mark.parametrize(
    "attributes",
    [
        {"text": "ä" * 5000},
        json.loads('{"a":' * 9 + "1" + "}" * 9),
        {"number": float("nan")},
        {"text": "\ud800"},
    ],
    ids=["large", "deep", "nan", "surrogate"],
)
def test_attributes_that_cannot_be_kept_are_named(attributes):
    body = json.dumps([{**CLICK, "event_attributes": {"more": attributes}}]).encode()
    assert refusals(body) == {1: ["$.event_attributes"]}


@pytest.mark.parametrize(
    ("body", "consents"),
    [
        (json.dumps(CLICK), [None]),
        (json.dumps([CLICK, {**CLICK, "consent": True}]), [None, True]),
        (json.dumps({"consent": True, "events": [CLICK, {**CLICK, "consent": False}]}), [True, False]),
        (json.dumps({**CLICK, "event_attributes": {"consent": True}}), [True]),
        (f"{json.dumps(CLICK)}\n\n{json.dumps(CLICK)}\n", [None, None]),
    ],
)
def test_consent_goes_with_each_event_or_is_said_for_all(body, consents):
    assert [one.consent for _, one in read_events(body.encode()).events] == consents


@pytest.mark.parametrize("levels", [20, 700, 900])
def test_an_event_of_any_depth_is_refused_alone(levels):
    nested = "[" * levels + "]" * levels
    body = f'[{json.dumps(CLICK)}, {{"application": {nested}}}, {json.dumps(CLICK)}]'.encode()
    assert refusals(body) == {2: ["$"]}


def test_a_line_that_is_not_json_is_refused_alone():
    assert refusals(f"{json.dumps(CLICK)}\n{{\n{json.dumps(CLICK)}".encode()) == {2: ["$"]}


@pytest.mark.parametrize("body", [b"", b"[]", json.dumps([CLICK] * (MAX_EVENTS + 1)).encode(), b'{"events": []}'])
def test_a_request_has_one_to_a_hundred_events(body):
    with pytest.raises(InputError, match="send 1 to 100"):
        read_events(body)


def test_without_consent_an_event_only_counts():
    assert stored_event(event(), PSEUDONYMS) == {
        "action_name": "click",
        "timestamp": "2026-11-30T12:00:00+00:00",
        "query_id": "q1",
        "event_attributes": {
            "object": {"object_id": "mug", "object_id_field": "id"},
            "position": {"ordinal": 3, "row": 1, "column": 3, "columns": 4},
        },
        "consent": False,
    }


def test_with_consent_persons_have_pseudonyms_of_the_month_and_no_address():
    stored = stored_event(event(consent=True), PSEUDONYMS)
    assert stored["event_attributes"]["object"]["name"] == "Mug"
    assert stored["event_attributes"]["seen_from"] == ["home"]
    assert "ip" not in stored["event_attributes"]
    assert stored["message"] == "from [address]"
    assert not {"c1", "s1", "u1"} & {stored[name] for name in ("client_id", "session_id", "user_id")}
    later = stored_event(event(consent=True, timestamp="2026-11-30T23:59:59Z"), PSEUDONYMS)
    next_month = stored_event(event(consent=True, timestamp="2026-12-01T00:00:00Z"), PSEUDONYMS)
    assert stored["client_id"] == later["client_id"] != next_month["client_id"]
    assert Pseudonyms(b"other").of("c1", event().timestamp) != stored["client_id"]


def test_the_same_event_has_the_same_id_and_another_one_another():
    assert PSEUDONYMS.event_id(event()) == PSEUDONYMS.event_id(event(consent=True))
    assert PSEUDONYMS.event_id(event()) != PSEUDONYMS.event_id(event(timestamp="2026-11-30T12:34:56.790Z"))
