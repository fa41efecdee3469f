"""Prices, numbers and dates of many countries."""

from datetime import date

import pytest
from feed_files import PRICES

from ltr_plugin.feeds.amounts import (
    NumberForm,
    decimal_mark,
    in_period,
    read_boolean,
    read_date,
    read_number,
    read_price,
)

UNKNOWN, COMMA, POINT = NumberForm(), NumberForm(","), NumberForm(".")


@pytest.mark.parametrize("text", PRICES)
def test_a_price_is_read_with_its_currency(text):
    assert read_price(text, UNKNOWN) == PRICES[text]


@pytest.mark.parametrize(
    ("text", "comma", "point"), [("1.299", 1299, 1.299), ("1,299", 1.299, 1299), ("1.299 €", 1299, 1.299)]
)
def test_what_may_be_thousands_is_read_by_the_decimal_mark_of_the_feed(text, comma, point):
    assert read_price(text, COMMA)[0] == comma
    assert read_price(text, POINT)[0] == point
    with pytest.raises(ValueError, match="may be thousands or decimals; state `decimal"):
        read_price(text, UNKNOWN)


@pytest.mark.parametrize(
    "text", ["abc", "12.50 / 13", "1.2.3", "12 - 15", "ab 12,50", "12,50 € 3", "4.01E+12", "€", "1,2,3,4"]
)
def test_what_is_no_price_is_an_error(text):
    with pytest.raises(ValueError, match=r"is no price|is no number|spreadsheet shortens"):
        read_price(text, COMMA)


def test_a_sign_of_several_countries_is_read_as_the_stated_currency():
    assert read_price("kr 12", NumberForm(currency="SEK")) == (12, "SEK")
    assert read_price("$12", NumberForm(currency="CAD")) == (12, "CAD")
    with pytest.raises(ValueError, match="state `currency`"):
        read_price("kr 12", UNKNOWN)


def test_the_decimal_mark_of_a_feed_is_what_its_prices_show():
    assert decimal_mark(["12", "1.299", "12,50"]) == ","
    assert decimal_mark(["1.299", "1,299.00"]) == "."
    assert decimal_mark(["12", "1.299"]) is None
    assert decimal_mark(["1.5", "1,5"]) is None


def test_numbers_have_nothing_beside_them():
    assert read_number("1.234,5", UNKNOWN) == 1234.5
    with pytest.raises(ValueError, match="is no number"):
        read_number("3 kg", UNKNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01", "2026-05-01"),
        ("1.5.2026", "2026-05-01"),
        ("01.05.2026 12:30", "2026-05-01T12:30"),
        ("2026/5/1", "2026-05-01"),
        ("13/05/2026", "2026-05-13"),
        ("05/13/2026", "2026-05-13"),
        ("2026-05-01T11:07:31+0100", "2026-05-01T11:07:31+01:00"),
    ],
)
def test_a_date_is_written_as_iso_8601_does(text, expected):
    assert read_date(text, UNKNOWN) == expected


def test_a_date_that_could_be_two_needs_the_order():
    assert read_date("03/04/2026", NumberForm(dates="d/m/y")) == "2026-04-03"
    assert read_date("03/04/2026", NumberForm(dates="m/d/y")) == "2026-03-04"
    with pytest.raises(ValueError, match="could be two dates"):
        read_date("03/04/2026", UNKNOWN)
    with pytest.raises(ValueError, match="is no date"):
        read_date("31.02.2026", UNKNOWN)


def test_a_period_has_both_of_its_days():
    day = date(2026, 5, 1)
    assert in_period("2026-05-01", "2026-05-01T23:00+0200", day)
    assert in_period("", "", day)
    assert not in_period("2026-05-02", "", day)
    assert not in_period("", "30.04.2026", day)
    with pytest.raises(ValueError, match="is no date"):
        in_period("soon", "", day)


def test_yes_and_no_in_several_languages():
    assert [read_boolean(text) for text in ("1", "Ja", "in stock", "TRUE", "oui", "sí")] == [True] * 6
    assert [read_boolean(text) for text in ("0", "nein", "out of stock", "False", "non")] == [False] * 5
    with pytest.raises(ValueError, match="neither yes nor no"):
        read_boolean("perhaps")
