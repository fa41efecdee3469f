"""Reasons that stay within what the index finds again."""

from ltr_plugin.cluster.managed.mapping import MAX_ERROR_LENGTH
from ltr_plugin.pipelines.embedding.error_summary import summarize


def test_few_reasons_are_all_said_each_once():
    assert summarize([]) == ""
    assert summarize(["a.png: empty file", "b.png: empty file", "a.png: empty file"]) == (
        "a.png: empty file; b.png: empty file"
    )


def test_many_reasons_are_counted():
    said = summarize(f"photo-{number:03}.png: there is no such file" for number in range(100))
    assert len(said.encode()) <= MAX_ERROR_LENGTH
    assert said.startswith("photo-000.png: there is no such file; photo-001.png: ")
    assert said.endswith(f"; and {100 - said.count('.png')} more")


def test_a_long_reason_keeps_what_it_is_about_and_what_is_wrong():
    said = summarize([f"https://shop.example/{'ä' * 5000}.png: no answer", "b.png: empty file"])
    assert len(said.encode()) <= MAX_ERROR_LENGTH
    assert said.startswith("https://shop.example/ä")
    assert said.endswith("ä.png: no answer; b.png: empty file")


def test_a_name_that_is_no_text_is_no_hindrance():
    assert summarize(["\udcff" * 1000]).startswith("???")
