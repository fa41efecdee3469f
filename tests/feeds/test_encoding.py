"""Encodings of feeds are found, said, and never mixed."""

import gzip

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.feeds.encoding import detect_encoding, open_text
from ltr_plugin.feeds.feed import Feed, is_feed

TEXT = "id;title;price\n1;Größe 5 €;2,5\n"


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("windows-1252", "Windows-1252: line 2 is not UTF-8"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_encoding_is_recognised_and_said(tmp_path, encoding, note, packed):
    path = tmp_path / "feed.csv"
    data = TEXT.encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    found = detect_encoding(path)
    assert note in found.note
    assert bool(note) == bool(found.note)
    with open_text(path, found.name) as text:
        assert text.read() == TEXT


def test_a_damaged_letter_of_utf8_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_bytes("id,title\n1,Größe\n".encode() + b"2,Gr\xf6\xdfe\n")
    with pytest.raises(InputError) as error:
        detect_encoding(path)
    assert str(error.value.problems[0]).startswith("line 3  byte 0xF6, byte 5 of the line, is not UTF-8")


def test_a_letter_across_two_blocks_is_read(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_bytes(b"x" * ((256 << 10) - 1) + "ö".encode())
    assert detect_encoding(path).name == "utf-8"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"<!DOCTYPE html><html>", "page of HTML"),
        (b'{"id": "1"}', "is JSON"),
        (b"", "has no line with the names"),
        ("id,title\n1,赤いジャケット\n".encode("shift_jis"), "no text in windows-1252; state `encoding`"),
    ],
)
def test_what_is_no_feed_is_named(tmp_path, content, message):
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        Feed.open(path)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"id,title\n", True),
        ("a", b"id,title\n", True),
        ("a.jsonl", b"id,title\n", False),
        ("a.jsonl.gz", b"id,title\n", False),
        ("a", b' \n{"id": "1"}', False),
        ("a", b"", False),
        ("a.xml", "<rss/>".encode("utf-16"), True),
    ],
)
def test_feeds_are_told_from_json_lines(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert is_feed(tmp_path / name) is expected
