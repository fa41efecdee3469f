"""Mapping files: the sample in the docs, and every mistake with its path."""

import re
from pathlib import Path

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.mapping import missing_columns, read_mapping

DOCS = Path(__file__).parents[2] / "docs" / "catalogs.md"


def read(tmp_path, text, declared=()):
    (tmp_path / "mapping.yaml").write_text(text)
    return read_mapping(tmp_path / "mapping.yaml", declared)


def test_the_sample_in_the_docs_is_a_mapping(tmp_path):
    sample = re.search(r"```yaml\n(version: 1\nform: table\n.*?)```", DOCS.read_text(), re.DOTALL)[1]
    mapping = read(tmp_path, sample, {"colour", "variants.groesse"})
    feed = tmp_path / "a.csv"
    feed.write_bytes((";".join(mapping.columns) + "\n" + "1;a;1;;;;;rot;;;\n").encode("windows-1252"))
    assert Feed.open(feed, mapping=mapping, declared={"colour": "keyword"}).form.rule("Farbe").to == "colour"
    with pytest.raises(InputError, match=r"\$\.columns\.Farbe  'colour' is no part"):
        read(tmp_path, sample)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("columns: {}\n", ["$.version"]),
        ("version: 1\nform: magento\nencoding: klingon\ndecimal: x\n", ["$.form", "$.encoding", "$.decimal"]),
        ("version: 1\nseparator: ab\ndates: y/m/d\ncurrency: euro\n", ["$.separator", "$.dates", "$.currency"]),
        ("version: 1\ncolums: {}\nother_columns: drop\n", ["$.colums", "$.other_columns"]),
        ("version: 1\ncolumns: {Preis: {to: price, typ: number}}\n", ["$.columns.Preis.typ"]),
        ("version: 1\ncolumns: {Preis: prise, Bild: image, x: attributes}\n",
         ["$.columns.Preis", "$.columns.Bild", "$.columns.x"]),
        ("version: 1\ncolumns: {a: variants.size, b: stats., c: stores.stock}\n",
         ["$.columns.a", "$.columns.b", "$.columns.c"]),
    ],
)  # fmt: skip
def test_every_mistake_has_its_path(tmp_path, text, paths):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert sorted(problem.location for problem in error.value.problems) == sorted(paths)


def test_a_column_that_the_feed_lacks_is_named(tmp_path):
    mapping = read(tmp_path, "version: 1\ncolumns: {Pries: price, Titel: title}\n")
    assert list(map(str, missing_columns(mapping, ["Preis", "Titel"]))) == [
        "$.columns.Pries  the feed has no such column; did you mean 'Preis'?"
    ]
