"""Patterns of words with a typing error, and values that match what is typed."""

import re

import pytest

from ltr_plugin.queries.suggesting import (
    MAX_LETTERS,
    MAX_TYPO,
    MAX_WORDS,
    SuggestedValue,
    SuggestFields,
    begins_with_typo,
    matching_values,
    product_query,
    typed_words,
    typo_pattern,
)

MAX_REGEX = 1000
"""Characters of a pattern that the cluster takes (`index.max_regex_length`)."""


@pytest.mark.parametrize(
    ("typed", "word", "begins"),
    [
        ("head", "headphones", True),
        ("hedph", "headphones", True),
        ("heaad", "headphones", True),
        ("haed", "headphones", True),
        ("heud", "headphones", True),
        ("heax", "headphones", True),
        ("huud", "headphones", False),
        ("bead", "headphones", False),
        ("headphonesx", "headphones", True),
        ("headphonesxy", "headphones", False),
        ("shose", "shoes", True),
        ("übung", "übung", True),
    ],
)
def test_a_pattern_and_a_comparison_agree_about_one_error(typed, word, begins):
    assert bool(re.fullmatch(typo_pattern(typed), word)) is begins
    assert begins_with_typo(word, typed) is begins


def test_patterns_are_short_enough_for_the_cluster():
    assert len(typo_pattern("abcdefghijklmnopqrstuvwxyz"[:MAX_TYPO])) < MAX_REGEX


def test_words_with_letters_of_patterns_are_no_patterns():
    query = str(product_query(["a.*(b|c"], SuggestFields(("t",), ("t",), ("t",)), tolerant=True))
    assert "regexp" not in query
    assert "wildcard" not in query


def test_long_texts_are_cut():
    assert typed_words("x" * 1000) == ["x" * MAX_LETTERS]
    assert len(typed_words("x " * 1000)) == MAX_WORDS


def test_values_that_begin_with_the_text_come_first_then_words_then_parts_then_errors():
    names = ("Schuhe", "Herren Schuhe", "Handschuhe", "Übergrößen", "Küche & Bad")
    values = [SuggestedValue(name, count) for count, name in enumerate(names, start=1)]

    def found(text, size=5):
        return [one.value for one in matching_values(text, values, size)]

    assert found("schuh") == ["Schuhe", "Herren Schuhe", "Handschuhe"]
    assert found("schuh", 1) == ["Schuhe"]
    assert found("schhue") == ["Herren Schuhe", "Schuhe"]
    assert found("kuch") == found("KÜCHE b") == ["Küche & Bad"]
    assert found("bad k") == ["Küche & Bad"]
    assert found("hu") == []
    assert found(" ") == []


def test_values_in_scripts_without_blanks_match_inside():
    assert [one.value for one in matching_values("靴", [SuggestedValue("子供靴", 1)], 5)] == ["子供靴"]
