"""Feeds on the command line: converted, checked, mapped, and put into an index."""

import json

import pytest
import yaml
from ltr_command import ltr

from ltr_plugin.features.table import FeatureTable

FEED = (
    "Artikelnummer;Bezeichnung;Beschreibung;Preis;Farbe;Bild\n"
    '1;Regenjacke;"<p>Wasserdicht &amp; leicht</p>";1.299,00 €;rot|blau;fotos/1.jpg\n'
    '2;Haus;"Zwei\nZeilen";12,50 €;weiß;\n'
    "3;Kabel;;abc;;\n"
    "2;Doppelt;;1,00 €;;\n"
)
FEATURES = """
name: of_feeds
version: 1
features:
  - {name: colour, kind: match, modality: text, field: color.text}
  - {name: price, kind: field_value, modality: behaviour, field: price}
"""
GOOD = "".join(FEED.splitlines(keepends=True)[:4])


@pytest.fixture
def shop_feed(tmp_path):
    path = tmp_path / "artikel.csv"
    path.write_bytes(FEED.encode("windows-1252"))
    return path


def test_a_feed_is_converted_with_what_was_recognised_and_every_mistake(shop_feed, tmp_path):
    out = tmp_path / "catalog.jsonl"
    code, _, err = ltr("catalog", "convert", shop_feed, "--out", out)
    assert code == 2
    assert "read as a table, 6 columns between `;`; read as Windows-1252: line 2 is not UTF-8" in err
    assert "2 problems" in err
    assert 'line 5, column "Preis"' in err
    assert "line 6, column \"Artikelnummer\"  '2' is the id of line 3 too" in err
    assert not out.exists()
    code, text, err = ltr("catalog", "convert", shop_feed, "--out", out, "--skip-invalid", "--json")
    assert code == 1
    facts = json.loads(text)
    assert (facts["form"], facts["products"], len(facts["problems"])) == ("table", 2, 2)
    assert json.loads(out.read_text().splitlines()[0]) == {
        "id": "1", "title": "Regenjacke", "description": "Wasserdicht & leicht", "price": 1299.0, "currency": "EUR",
        "attributes": {"Farbe": ["rot", "blau"]}, "images": ["fotos/1.jpg"],
    }  # fmt: skip


def test_a_first_mapping_reads_the_feed_as_it_is_read_without(shop_feed, tmp_path):
    mapping, out, other = tmp_path / "mapping.yaml", tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    shop_feed.write_text(GOOD)
    code, text, err = ltr("catalog", "convert", shop_feed, "--init", mapping)
    assert code == 0, err
    assert f"ltr catalog convert {shop_feed} --mapping {mapping} --out catalog.jsonl" in text
    stated = yaml.safe_load(mapping.read_text())
    assert (stated["form"], stated["separator"], stated["decimal"]) == ("table", ";", ",")
    assert stated["columns"]["Farbe"] == {"to": "attributes.Farbe", "separator": "|"}
    assert "# Regenjacke, Haus" in mapping.read_text()
    assert ltr("catalog", "convert", shop_feed, "--out", out)[0] == 0
    code, _, err = ltr("catalog", "convert", shop_feed, "--mapping", mapping, "--out", other)
    assert code == 0, err
    assert out.read_text() == other.read_text()
    code, _, err = ltr("catalog", "convert", shop_feed, "--init", mapping)
    assert code == 2
    assert "exists already" in err


def test_mistakes_of_a_mapping_have_their_paths(shop_feed, tmp_path):
    mapping = tmp_path / "mapping.yaml"

    def convert(text):
        mapping.write_text(text)
        code, _, err = ltr("catalog", "convert", shop_feed, "--mapping", mapping, "--out", tmp_path / "a.jsonl")
        assert code == 2
        return err

    err = convert("version: 1\nform: wo\ncurrency: euro\ncolumns:\n  Preis: {too: price}\n")
    assert all(path in err for path in ("$.form", "$.currency", "$.columns.Preis.too"))
    err = convert("version: 1\ncolumns:\n  Preis: prise\n  Farbe: colour\n")
    assert "$.columns.Preis  'prise' is no part of a product and no declared field; did you mean 'price'?" in err
    assert "$.columns.Farbe  'colour' is no part of a product" in err
    assert "$.columns.Pries  the feed has no such column; did you mean 'Preis'?" in convert(
        "version: 1\ncolumns:\n  Pries: price\n"
    )


def test_a_feed_without_known_columns_says_how_to_name_them(tmp_path):
    feed = tmp_path / "a.csv"
    feed.write_text("a,b\n1,2\n")
    code, _, err = ltr("catalog", "check", feed)
    assert code == 2
    assert "no column is an id and none is a title" in err
    assert "--init mapping.yaml" in err
    assert ltr("catalog", "convert", feed, "--init", tmp_path / "m.yaml")[0] == 0


def test_options_that_do_not_go_together_are_named(shop_feed, tmp_path):
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"id": "1", "title": "a"}\n')
    for arguments, message in (
        ((shop_feed,), "needs one of --out and --init"),
        ((shop_feed, "--out", lines, "--form", "magento"), "there is no form 'magento'"),
        ((lines, "--out", tmp_path / "b.jsonl"), "is JSON and no feed"),
    ):
        code, _, err = ltr("catalog", "convert", *arguments)
        assert (code, message in err) == (2, True), err
    code, _, err = ltr("catalog", "check", lines, "--mapping", lines)
    assert (code, "is for feeds" in err) == (2, True)


def test_a_check_lists_every_mistake_of_a_feed(shop_feed):
    code, out, err = ltr("catalog", "check", shop_feed)
    assert (code, out) == (1, f"{shop_feed}: 2 good lines, 2 mistakes\n")
    assert 'line 5, column "Preis"' in err


@pytest.mark.live
def test_a_feed_is_put_into_an_index_and_found_by_its_words(shop_feed, here):
    environment, name = here
    put = ("catalog", "put", shop_feed, "--index", name, "--json")
    assert ltr("index", "create", name, "--text-encoder", "none", **environment)[0] == 0
    code, _, err = ltr(*put, **environment)
    assert code == 2, err
    assert 'line 5, column "Preis"' in err
    code, _, err = ltr(*put, "--skip-invalid", "--prune", **environment)
    assert code == 2, err
    shop_feed.write_text(GOOD)
    code, out, err = ltr(*put, **environment)
    assert code == 0, err
    assert json.loads(out)["products"] == 2
    code, out, err = ltr("search", "wasserdicht", "--index", name, "--json", **environment)
    assert code == 0, err
    assert [hit["id"] for hit in json.loads(out)["hits"]] == ["1"]
    shop_feed.write_text("\n".join(GOOD.splitlines()[:2]) + "\n")
    code, _, err = ltr(*put, "--prune", "--yes", **environment)
    assert code == 0, err
    assert "deleted 1 product" in err


@pytest.mark.live
def test_an_update_by_a_feed_keeps_what_other_systems_have_added(shop_feed, tmp_path, here):
    environment, name = here
    shop_feed.write_text(GOOD)
    assert ltr("index", "create", name, "--text-encoder", "none", **environment)[0] == 0
    assert ltr("catalog", "put", shop_feed, "--index", name, **environment)[0] == 0
    other, mapping = tmp_path / "other.jsonl", tmp_path / "mapping.yaml"
    other.write_text('{"id": "1", "brand": "Nordwind", "attributes": {"Material": "Wolle"}}\n')
    assert ltr("catalog", "update", other, "--index", name, **environment)[0] == 0
    shop_feed.write_text(GOOD.replace("1.299,00", "999,00").replace("Regenjacke", "Jacke"))
    code, _, err = ltr("catalog", "update", shop_feed, "--index", name, **environment)
    assert (code, "name a --mapping FILE" in err) == (2, True)
    mapping.write_text("version: 1\ncolumns:\n  Artikelnummer: id\n  Preis: price\n")
    code, _, err = ltr("catalog", "update", shop_feed, "--mapping", mapping, "--index", name, **environment)
    assert code == 0, err
    code, out, err = ltr("search", "wolle", "--index", name, "--json", **environment)
    assert code == 0, err
    [hit] = json.loads(out)["hits"]
    assert (hit["id"], hit["title"], hit["price"]) == ("1", "Regenjacke", 999.0)


FORMS = {
    "table": "Nr;Title;Price;Color\nt1;Mug;1,50 €;red\nt2;Cup;2,50 €;blue\n",
    "google": "id\ttitle\tprice\tlink\tavailability\tcolor\n"
    "g1\tMug\t1.50 EUR\thttps://s/1\tin_stock\tred\ng2\tCup\t2.50 EUR\thttps://s/2\tin_stock\tblue\n",
    "google xml": '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    "<item><g:id>x1</g:id><g:title>Mug</g:title><g:price>1.50 EUR</g:price><g:color>red</g:color></item>"
    "<item><g:id>x2</g:id><g:title>Cup</g:title><g:price>2.50 EUR</g:price><g:color>blue</g:color></item>"
    "</channel></rss>",
    "shopify": "Handle,Title,Vendor,Variant Price,Color (product.metafields.custom.color)\ns1,Mug,A,1.50,red\n"
    "s2,Cup,A,2.50,blue\n",
    "woocommerce": "ID,Type,SKU,Name,Published,Regular price,Categories,Attribute 1 name,Attribute 1 value(s)\n"
    "1,simple,w1,Mug,1,1.50,Cups,Color,red\n2,simple,w2,Cup,1,2.50,Cups,Color,blue\n",
}


@pytest.mark.live
def test_feeds_of_all_forms_fill_a_declared_field_that_is_counted(tmp_path, here):
    environment, name = here
    profile, mapping = tmp_path / "profile.yaml", tmp_path / "mapping.yaml"
    profile.write_text("version: 1\nfields:\n  - {name: color, type: keyword}\n")
    mapping.write_text("version: 1\ncolumns:\n  Nr: id\n  Title: title\n  Price: price\n")
    made = ("index", "create", name, "--text-encoder", "none", "--profile", profile)
    assert ltr(*made, **environment)[0] == 0
    for form, text in FORMS.items():
        feed = tmp_path / f"{form}.feed"
        feed.write_text(text)
        options = ("--mapping", mapping) if form == "table" else ()
        code, _, err = ltr("catalog", "put", feed, "--index", name, *options, **environment)
        assert code == 0, err
    code, out, err = ltr("search", "mug", "--facets", "--index", name, "--json", **environment)
    assert code == 0, err
    found = json.loads(out)
    assert {hit["id"] for hit in found["hits"]} == {"t1", "g1", "x1", "s1", "w1"}
    assert [(one["value"], one["count"]) for one in found["facets"]["color"]] == [("red", 5)]
    code, out, err = ltr("search", "--filter", "color=blue", "--index", name, "--json", **environment)
    assert {hit["id"] for hit in json.loads(out)["hits"]} == {"t2", "g2", "x2", "s2", "w2"}
    (tmp_path / "features.yaml").write_text(FEATURES)
    (tmp_path / "queries.jsonl").write_text('{"id": "q", "text": "red mug"}\n')
    (tmp_path / "qrels.txt").write_text("".join(f"q 0 {letter}{number} 1\n" for letter in "tgxsw" for number in (1, 2)))
    table_file = tmp_path / "t.parquet"
    judged = ("--queries", tmp_path / "queries.jsonl", "--qrels", tmp_path / "qrels.txt", "--out", table_file)
    code, _, err = ltr("features", "log", tmp_path / "features.yaml", "--index", name, *judged, **environment)
    assert code == 0, err
    table = FeatureTable.read(table_file)
    rows = dict(zip(table.products, table.zero_filled.tolist(), strict=True))
    for letter in "tgxsw":
        (colour, price), (other, higher) = rows[f"{letter}1"], rows[f"{letter}2"]
        assert colour > other == 0
        assert (price, higher) == (1.5, 2.5)
