"""Corrections from the responses of the cluster."""

import pytest

from ltr_plugin.queries.spelling import CLOSE, OPEN, Correction, corrections, edits, likelihood


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("", "", 0), ("shoes", "shoes", 0), ("shose", "shoes", 1), ("hikng", "hiking", 1), ("mose", "mouse", 1),
     ("ab", "ba", 1), ("abc", "", 3), ("kitten", "sitting", 3)],
)  # fmt: skip
def test_edits_count_swapped_neighbours_once(one, other, count):
    assert edits(one, other) == edits(other, one) == count


def response(known, **entries):
    buckets = {str(position): {"doc_count": count} for position, count in enumerate(known)}
    return {"aggregations": {"known": {"buckets": buckets}}, "suggest": entries}


def entry(text, offset, *options):
    made = [{"text": word, "freq": freq} for word, freq in options]
    return {"text": text, "offset": offset, "length": len(text), "options": made}


def texts(text, answer):
    return [one.text for one in corrections(text, answer)]


def test_unknown_words_become_the_likeliest_of_all_fields():
    title = [entry("hikng", 0, ("hiking", 10)), entry("shose", 6, ("shore", 1), ("shoes", 90))]
    found = texts("hikng shose", response([0, 0], title=title, brand=[entry("shose", 6, ("shone", 5))]))
    assert found == ["hiking shoes", "hiking shone", "hiking shore"]


def test_known_words_and_words_with_digits_stay():
    answer = response([4, 0], title=[entry("sony", 0, ("song", 5)), entry("x100v", 5, ("x100s", 5))])
    assert texts("sony x100v", answer) == []


def test_short_words_may_have_one_error_only():
    assert texts("mosse", response([0], title=[entry("mosse", 0, ("mouse", 1), ("horse", 9))])) == ["mouse"]


def test_positions_of_the_cluster_count_emojis_twice():
    assert texts("👟 hikng", response([0, 0], title=[entry("hikng", 3, ("hiking", 1))])) == ["👟 hiking"]


def test_words_are_written_as_products_write_them():
    correction = Correction(("", "kopfhor", " blau"), (1,), 1)
    assert correction.with_words_of([f"{OPEN}Blau{CLOSE} {OPEN}Kopfhörer{CLOSE}"]).text == "kopfhörer blau"
    assert correction.with_words_of([]).text == "kopfhor blau"


def test_an_error_more_needs_a_hundred_times_as_many_products():
    assert likelihood(999, 1) == pytest.approx(likelihood(99_999, 2))
