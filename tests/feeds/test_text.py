"""Texts of feeds as plain text."""

import pytest
from feed_files import TEXTS

from ltr_plugin.feeds.text import clean_line, clean_reference, clean_text


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_cleaned(text):
    assert clean_text(text) == TEXTS[text]


@pytest.mark.parametrize("text", TEXTS)
def test_a_clean_text_stays_as_it_is(text):
    assert clean_text(TEXTS[text]) == TEXTS[text]


def test_a_title_is_one_line():
    assert clean_line("<h1>Red</h1>\n<p>mug</p>") == "Red mug"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (" https://x/a.jpg?a=1&amp;b=2 ", "https://x/a.jpg?a=1&b=2"),
        ("//cdn/x.jpg", "https://cdn/x.jpg"),
        ("photos\\a b.jpg", "photos/a b.jpg"),
        ("https://x/a%5Cb\\c", "https://x/a%5Cb\\c"),
    ],
)
def test_a_reference_is_cleaned(reference, expected):
    assert clean_reference(reference) == expected
