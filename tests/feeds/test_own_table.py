"""A shop's own table, in German: what its columns are is guessed, and a hundred odd lines become products."""

import re

import pytest
from feed_files import PRICES, TEXTS, read, rows

from ltr_plugin.feeds.mapping import FeedMapping
from ltr_plugin.feeds.text import clean_line

HEADER = (
    "Artikelnummer", "Bezeichnung", "Beschreibung", "Preis", "Streichpreis", "Hersteller", "Warengruppe", "Farbe",
    "Bild 1", "Bild 2", "EAN", "verkauft", "erschienen", "Variantengruppe",
)  # fmt: skip


def line(number, **values):
    return {"Artikelnummer": number, "Bezeichnung": f"Ding {number}", **values}


ODD = {
    "images": {"Bild 1": "a.jpg", "Bild 2": "//cdn/b.jpg"},
    "backslash": {"Bild 1": "fotos\\a.jpg"},
    "same image": {"Bild 1": "a.jpg", "Bild 2": "a.jpg"},
    "excel text": {"EAN": '="04006381333931"'},
    "apostrophe": {"EAN": "'04006381333931"},
    "blanks in ean": {"EAN": "4 006381 333931"},
    "two ean": {"EAN": "4006381333931,4006381333948"},
    "levels": {"Warengruppe": "Mode > Damen > Jacken"},
    "german date": {"erschienen": "1.5.2026"},
    "iso date": {"erschienen": "2026-05-01"},
    "no date": {"erschienen": "n/a"},
    "number": {"verkauft": "1 204"},
    "no number": {"verkauft": "NULL"},
    "absent price": {"Preis": "-"},
    "old price": {"Preis": "5,00", "Streichpreis": "7,50"},
    "html": {"Beschreibung": "<p>Weich &amp; warm</p><ul><li>A</li></ul>"},
    "quoted breaks": {"Beschreibung": 'Zeile 1\r\nZeile "2"; drei'},
    "list": {"Farbe": "rot|blau"},
}
EXPECTED = {
    "images": {"images": ["a.jpg", "https://cdn/b.jpg"]},
    "backslash": {"images": ["fotos/a.jpg"]},
    "same image": {"images": ["a.jpg"]},
    "excel text": {"ean": ["04006381333931"]},
    "apostrophe": {"ean": ["04006381333931"]},
    "blanks in ean": {"ean": ["4006381333931"]},
    "two ean": {"ean": ["4006381333931", "4006381333948"]},
    "levels": {"category": ["Mode", "Damen", "Jacken"]},
    "german date": {"released": "2026-05-01"},
    "iso date": {"released": "2026-05-01"},
    "no date": {},
    "number": {"stats": {"verkauft": 1204}},
    "no number": {},
    "absent price": {},
    "old price": {"price": 5, "attributes": {"Streichpreis": "7,50"}},
    "html": {"description": "Weich & warm\nA"},
    "quoted breaks": {"description": 'Zeile 1\nZeile "2"; drei'},
    "list": {"attributes": {"Farbe": ["rot", "blau"]}},
}


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    lines = [line(f"p{at}", Preis=price) for at, price in enumerate(PRICES) if not price.startswith("-")]
    lines += [line(f"t{at}", Beschreibung=text) for at, text in enumerate(TEXTS)]
    lines += [line(f"n{at}", Bezeichnung=text) for at, text in enumerate(TEXTS) if clean_line(text)]
    lines += [line(f"o{at}", **values) for at, values in enumerate(ODD.values())]
    lines += [line(f"f{at}", Farbe="rot|blau") for at in range(20)]
    assert len(lines) > 100
    path = tmp_path_factory.mktemp("table") / "artikel.csv"
    found, problems = read(path, rows(HEADER, *lines, separator=";"))
    assert (problems, len(found)) == ([], len(lines))
    return found


@pytest.mark.parametrize("at", range(len(PRICES)), ids=list(PRICES))
def test_prices(products, at):
    amount, currency = list(PRICES.values())[at]
    if amount >= 0:
        product = products[f"p{at}"]
        assert (product["price"], product.get("currency", "")) == (amount, currency)


@pytest.mark.parametrize("at", range(len(TEXTS)), ids=list(TEXTS))
def test_texts(products, at):
    text, clean = list(TEXTS.items())[at]
    assert products[f"t{at}"].get("description", "") == clean
    if clean:
        assert products[f"n{at}"]["title"] == " ".join(clean.split()), text


@pytest.mark.parametrize("case", ODD)
def test_odd_lines(products, case):
    number = f"o{list(ODD).index(case)}"
    assert products[number] == {"id": number, "title": f"Ding {number}", **EXPECTED[case]}


def test_lines_of_a_group_are_variants_wherever_they_are(tmp_path):
    lines = [
        line("1", Preis="9,00", Farbe="rot", Variantengruppe="G", Hersteller="A"),
        line("2", Preis="7,00"),
        line("3", Preis="8,50", Farbe="blau", Variantengruppe="G", Hersteller="A"),
        line("H", Beschreibung="Die Hose"),
        line("H-S", Preis="20,00", Farbe="grün", Variantengruppe="H"),
    ]
    found, problems = read(tmp_path / "a.csv", rows(HEADER, *lines, separator=";"))
    assert problems == []
    assert found["G"] == {
        "id": "G", "title": "Ding 1", "brand": "A", "price": 8.5,
        "variants": [
            {"id": "1", "price": 9.0, "attributes": {"Farbe": "rot"}},
            {"id": "3", "price": 8.5, "attributes": {"Farbe": "blau", "title": "Ding 3"}},
        ],
    }  # fmt: skip
    assert found["2"] == {"id": "2", "title": "Ding 2", "price": 7.0}
    assert found["H"]["description"] == "Die Hose"
    assert [one["id"] for one in found["H"]["variants"]] == ["H-S"]


def test_mistakes_are_named_by_line_and_column(tmp_path):
    lines = [
        line("1", Beschreibung="zwei\nZeilen"),
        line("2", Preis="abc"),
        line("1"),
        line("3", Preis="-5,00", EAN="4,01E+12"),
        line(""),
        line("4", Bezeichnung=""),
        line("5 6"),
        line("6", **{"Bild 1": "ftp://x/y.jpg"}),
    ]
    found, problems = read(tmp_path / "a.csv", rows(HEADER, *lines, separator=";"))
    assert list(found) == ["1"]
    problems.sort(key=lambda problem: int(re.search(r"\d+", problem)[0]))
    assert [problem.split("  ")[0] for problem in problems] == [
        'line 4, column "Preis"', 'line 5, column "Artikelnummer"', 'line 6, column "EAN"', 'line 6, column "Preis"',
        "line 7", "line 8", 'line 9, column "Artikelnummer"', 'line 10, column "Bild 1"',
    ]  # fmt: skip
    assert "'1' is the id of line 2 too" in problems[1]


def test_a_price_that_could_be_two_is_an_error_until_the_mapping_says_which(tmp_path):
    text = "id;title;Preis\n1;a;1.299\n"
    assert 'line 2, column "Preis"' in read(tmp_path / "a.csv", text)[1][0]
    mapping = FeedMapping(version=1, decimal=",", columns={"id": "id", "title": "title", "Preis": "price"})
    assert read(tmp_path / "a.csv", text, mapping=mapping)[0]["1"]["price"] == 1299


def test_a_mapping_says_what_columns_are(tmp_path):
    columns = {
        "nr": "id", "wie": "title", "was": {"to": "category", "separator": ";", "levels": "/"},
        "kg": {"to": "attributes.weight", "type": "number"}, "neu": {"to": "attributes.new", "type": "boolean"},
        "seit": {"to": "attributes.since", "type": "date"}, "intern": None, "klicks": "stats.clicks",
    }  # fmt: skip
    mapping = FeedMapping(version=1, currency="EUR", dates="d/m/y", columns=columns)
    text = 'nr,wie,was,kg,neu,seit,intern,klicks,rest\n1,a,A/B;C/B,"1,5",ja,03/04/2026,x,12,y\n'
    assert read(tmp_path / "a.csv", text, mapping=mapping)[0]["1"] == {
        "id": "1", "title": "a", "category": ["A", "B", "C"], "stats": {"clicks": 12},
        "attributes": {"weight": 1.5, "new": True, "since": "2026-04-03", "rest": "y"},
    }  # fmt: skip


def test_variants_may_have_columns_of_their_own(tmp_path):
    columns = {"nr": "id", "t": "title", "v": "variants.id", "p": "variants.price", "g": "variants.attributes.size"}
    mapping = FeedMapping(version=1, columns=columns)
    found, problems = read(tmp_path / "a.csv", "nr,t,v,p,g\n1,a,1-s,5,S\n", mapping=mapping)
    assert problems == []
    assert found["1"]["variants"] == [{"id": "1-s", "price": 5.0, "attributes": {"size": "S"}}]
