"""Rules: their form, when they hold, and which products they pin for a text."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from ltr_plugin.errors import InputError
from ltr_plugin.features.mustache import literal
from ltr_plugin.queries.rules import Rules
from ltr_plugin.validation import decode

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
STOCK = {"name": "stock", "in_stock_first": True}


def read(*rules, **head):
    return decode(Rules, {**head, "rules": list(rules)}, source="rules")


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("limits", "zone", "moment", "holds"),
    [
        ({}, "UTC", "2026-11-27T00:00+00:00", True),
        ({"start": "2026-11-27"}, "UTC", "2026-11-26T23:59:59+00:00", False),
        ({"start": "2026-11-27"}, "UTC", "2026-11-27T00:00+00:00", True),
        ({"start": "2026-11-27"}, "Europe/Berlin", "2026-11-26T23:00+00:00", True),
        ({"start": "2026-11-27"}, "Europe/Berlin", "2026-11-26T22:59+00:00", False),
        ({"end": "2026-11-30"}, "UTC", "2026-11-30T23:59:59+00:00", True),
        ({"end": "2026-11-30"}, "UTC", "2026-12-01T00:00+00:00", False),
        ({"end": "2026-03-29"}, "Europe/Berlin", "2026-03-29T21:59+00:00", True),  # a day of 23 hours
        ({"end": "2026-03-29"}, "Europe/Berlin", "2026-03-29T22:00+00:00", False),
        ({"end": "2026-11-30T12:00:00+01:00"}, "UTC", "2026-11-30T10:59:59+00:00", True),
        ({"end": "2026-11-30T12:00:00+01:00"}, "UTC", "2026-11-30T11:00+00:00", False),
        ({"end": "9000-12-31"}, "Pacific/Auckland", "2026-11-30T11:00+00:00", True),
    ],
)
def test_a_rule_holds_from_its_start_to_its_end(limits, zone, moment, holds):
    rules = read({**STOCK, **limits}, time_zone=zone)
    assert bool(rules.active(at(moment))) is holds
    assert decode(Rules, rules.model_dump(mode="json"), source="again") == rules


def test_dates_and_times_of_yaml_are_those_of_text():
    as_text = read({**STOCK, "start": "2026-11-27", "end": "2026-11-30T12:00:00+01:00"})
    plain = yaml.safe_load("{name: stock, in_stock_first: true, start: 2026-11-27, end: 2026-11-30T12:00:00+01:00}")
    assert read(plain) == as_text


@pytest.mark.parametrize(
    ("rule", "place", "said"),
    [
        ({**STOCK, "start": "2026-11-27T08:00"}, "$.rules[0].start", "has no zone; write"),
        ({**STOCK, "start": "tomorrow"}, "$.rules[0].start", "neither a date"),
        ({**STOCK, "start": 20261127}, "$.rules[0].start", "neither a date"),
        ({**STOCK, "end": "9999-12-31"}, "$.rules[0].end", "not between 1970 and 9000"),
        (
            {"name": "none"},
            "$.rules[0]",
            "exactly one of in_stock_first, boost, bury, pin, redirect, search_as, not none",
        ),
        ({**STOCK, "boost": 2, "where": {"a": 1}}, "$.rules[0]", "not in_stock_first and boost"),
        ({**STOCK, "where": {"brand": "x"}}, "$.rules[0]", "in_stock_first has no `where`"),
        ({"name": "b", "boost": 2}, "$.rules[0]", "boost needs `where`"),
        ({"name": "b", "boost": 2, "where": {}}, "$.rules[0]", "`where` is empty"),
        ({"name": "b", "boost": 1, "where": {"a": 1}}, "$.rules[0].boost", "greater than 1"),
        ({"name": "b", "bury": 0, "where": {"a": 1}}, "$.rules[0].bury", "greater than or equal to 0.01"),
        ({"name": "p", "pin": ["1"]}, "$.rules[0]", "pin needs `queries`"),
        ({"name": "s", "search_as": "sofa"}, "$.rules[0]", "search_as needs `queries`"),
        ({"name": "s", "search_as": "", "queries": ["a"]}, "$.rules[0].search_as", "at least 1 character"),
        ({**STOCK, "queries": ["a"]}, "$.rules[0]", "in_stock_first has no `queries`"),
        ({"name": "p", "pin": [], "queries": ["a"]}, "$.rules[0]", "`pin` is empty"),
        ({"name": "p", "pin": [4711], "queries": ["a"]}, "$.rules[0].pin[0]", "4711 is a number; write it in quotes"),
        ({"name": "p", "pin": list("abcdefghijk"), "queries": ["a"]}, "$.rules[0].pin", "more than 10 entries"),
        ({**STOCK, "colour": "red"}, "$.rules[0].colour", "unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_place(rule, place, said):
    with pytest.raises(InputError) as raised:
        read(rule)
    (problem,) = raised.value.problems
    assert problem.location == place
    assert said in problem.message


def test_an_unknown_time_zone_is_named():
    with pytest.raises(InputError, match=r"\$\.time_zone  'Mars/Base' is no time zone"):
        read(STOCK, time_zone="Mars/Base")


def test_pins_are_found_by_the_text_of_the_query():
    rules = read(
        {"name": "one", "pin": ["a", "b"], "queries": ["  Grüne   Straße ", "x"]},
        {"name": "two", "pin": ["b", *"cdefghijk"], "queries": ["gru\u0308ne strasse"]},
        {"name": "over", "pin": ["z"], "queries": ["x"], "end": "2020-01-01"},
        STOCK,
    )
    assert rules.pins("GRÜNE\tSTRASSE") == list("abcdefghij")
    assert rules.pins("X") == ["a", "b"]
    assert rules.pins("grüne") == rules.pins("") == []


def test_boosts_and_buries_of_some_queries_order_these_alone():
    rules = read(
        STOCK,
        {"name": "all", "boost": 2, "where": {"a": 1}},
        {"name": "boots", "bury": 0.5, "where": {"a": 1}, "queries": ["Rain Boots", "wellies"]},
        {"name": "over", "boost": 2, "where": {"a": 1}, "queries": ["wellies"], "end": "2020-01-01"},
        {"name": "pin", "pin": ["x"], "queries": ["wellies"]},
    )
    assert [rule.name for rule in rules.ordering()] == ["stock", "all"]
    assert [rule.name for rule in rules.ordering("rain  boots")] == ["stock", "all", "boots"]


def test_a_query_is_searched_as_the_text_of_a_rule_once():
    rules = read(
        {"name": "over", "search_as": "bench", "queries": ["settee"], "end": "2020-01-01"},
        {"name": "sofa", "search_as": "sofa", "queries": ["Settee", "canapé"]},
        {"name": "couch", "search_as": "couch", "queries": ["sofa"]},
    )
    assert [rules.searched_text(text) for text in ("SETTEE", "canape", "sofa", "chair", "")] == [
        "sofa",
        "sofa",
        "couch",
        "chair",
        "",
    ]


def test_the_file_that_the_page_shows_is_one_of_rules():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    rules = decode(Rules, yaml.safe_load(text), source="docs/rules.md")
    assert [rule.action for rule in rules.rules] == ["in_stock_first", "boost", "bury", "boost", "search_as", "pin"]
    assert rules.rules[1].where == {"brand": ["Nordvik", "Oak & Co"], "price": {"min": 20}}
    assert rules.rules[2].where == {"released": {"max": "2023-12-31"}}


@pytest.mark.parametrize("value", ["{{text}}", '\\"{{#toJson}}x{{/toJson}}', ["a{{b}}", 3, True]])
def test_a_literal_has_no_mustache_and_is_the_value(value):
    text = literal(value).text
    assert "{" not in text
    assert yaml.safe_load(text) == value
