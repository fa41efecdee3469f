"""Google Merchant Center: the same products as TSV, RSS and Atom, and a hundred odd lines."""

from xml.sax.saxutils import escape

import pytest
from feed_files import PRICES, TEXTS, read, rows

HEADER = (
    "id", "title", "description", "link", "image link", "additional image link", "availability", "price", "sale price",
    "sale price effective date", "brand", "gtin", "mpn", "google product category", "product type", "item group id",
    "color", "size", "product detail", "custom label 0", "shipping", "shipping_weight",
)  # fmt: skip
IMAGE = "https://shop/w_300,h_200/"

LINES = [
    {"id": "1", "title": "Shirt red", "price": "19.99 EUR", "item group id": "G1", "color": "red/blue", "size": "S",
     "image link": f"{IMAGE}1.jpg", "additional image link": f"{IMAGE}2.jpg,{IMAGE}3.jpg", "gtin": "4006381333931",
     "product type": "Apparel > Shirts", "google product category": "212", "brand": "Acme", "mpn": "M1",
     "product detail": 'General:Fabric:Cotton,General:Fit:"slim, long"', "shipping": "DE::Standard:4.90 EUR"},
    {"id": "3", "title": "Mug", "price": "5,00 EUR", "google product category": "Home > Mugs",
     "availability": "in stock"},
    {"id": "2", "title": "Shirt green", "price": "17.99 EUR", "item group id": "G1", "color": "green", "size": "S",
     "product type": "Apparel > Shirts", "brand": "Acme", "mpn": "M1"},
    {"id": "4", "title": "Cap", "price": "20.00 EUR", "sale price": "15.00 EUR",
     "sale price effective date": "2026-04-01T00:00+0100/2026-06-01T00:00+0100"},
    {"id": "5", "title": "Hat", "price": "20.00 EUR", "sale price": "15.00 EUR",
     "sale price effective date": "2025-04-01T00:00+0100/2025-06-01T00:00+0100"},
]  # fmt: skip
EXPECTED = {
    "3": {"id": "3", "title": "Mug", "price": 5.0, "currency": "EUR", "category": ["Home", "Mugs"],
          "attributes": {"availability": "in stock"}},
    "4": {"id": "4", "title": "Cap", "price": 15.0, "currency": "EUR", "attributes": {"regular_price": 20}},
    "5": {"id": "5", "title": "Hat", "price": 20.0, "currency": "EUR"},
    "G1": {
        "id": "G1", "title": "Shirt red", "brand": "Acme", "model": "M1", "category": ["Apparel", "Shirts"],
        "currency": "EUR", "price": 17.99, "images": [f"{IMAGE}1.jpg", f"{IMAGE}2.jpg", f"{IMAGE}3.jpg"],
        "attributes": {"size": "S"},
        "variants": [
            {"id": "1", "price": 19.99, "ean": ["4006381333931"],
             "attributes": {"color": ["red", "blue"], "Fabric": "Cotton", "Fit": "slim, long"}},
            {"id": "2", "price": 17.99, "attributes": {"color": ["green"], "title": "Shirt green"}},
        ],
    },
}  # fmt: skip


def items(lines, item="item"):
    """The lines as items of XML, with elements of their own for what TSV has in one value."""
    return "".join(f"<{item}>{''.join(elements(*pair) for pair in line.items())}</{item}>\n" for line in lines)


def elements(column, text):
    name = column.replace(" ", "_")
    if name == "additional_image_link":
        parts = text.split(f",{IMAGE}")
        return "".join(f"<g:{name}>{one}</g:{name}>" for one in (parts[0], *(f"{IMAGE}{part}" for part in parts[1:])))
    if name == "product_detail":
        names = ("section_name", "attribute_name", "attribute_value")
        details = (("General", "Fabric", "Cotton"), ("General", "Fit", "slim, long"))
        inner = (
            "".join(f"<g:{key}>{value}</g:{key}>" for key, value in zip(names, one, strict=True)) for one in details
        )
        return "".join(f"<g:{name}>{one}</g:{name}>" for one in inner)
    return f"<g:{name}>{escape(text)}</g:{name}>"


def as_rss(lines):
    return f'<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n{items(lines)}</channel></rss>'


def as_atom(lines):
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"'
    return f"<feed {spaces}>\n{items(lines, 'entry')}</feed>"


def as_tsv(lines):
    return rows(HEADER, *lines, separator="\t")


@pytest.mark.parametrize("write", [as_tsv, as_rss, as_atom])
def test_the_three_ways_to_write_a_feed_are_the_same_products(tmp_path, write):
    found, problems = read(tmp_path / "feed", write(LINES))
    assert problems == []
    assert found == EXPECTED


@pytest.mark.parametrize("name", [str.upper, lambda name: f"g:{name.replace(' ', '_')}", lambda name: f"X [{name}]"])
def test_names_of_columns_are_read_in_any_spelling(tmp_path, name):
    lines = [{name(column): value for column, value in line.items()} for line in LINES]
    found, problems = read(tmp_path / "feed.txt", rows(list(map(name, HEADER)), *lines, separator="\t"))
    assert problems == []
    assert found == EXPECTED


@pytest.mark.parametrize("write", [as_tsv, as_rss])
def test_a_hundred_odd_lines_become_products(tmp_path, write):
    prices = {text: price for text, price in PRICES.items() if price[0] >= 0}
    texts = {text: clean for text, clean in TEXTS.items() if "\x00" not in text and "\x07" not in text}
    lines = [{"id": f"p{at}", "title": "a", "price": text} for at, text in enumerate(prices)]
    lines += [{"id": f"t{at}", "title": "a", "description": text} for at, text in enumerate(texts)]
    lines += [{"id": f"n{at}", "title": text} for at, text in enumerate(texts) if " ".join(texts[text].split())]
    lines += [{"id": f"g{at}", "title": "a", "item group id": f"G{at % 7}", "size": str(at)} for at in range(35)]
    assert len(lines) > 100
    found, problems = read(tmp_path / "feed", write(lines))
    assert problems == []
    for at, price in enumerate(prices.values()):
        assert (found[f"p{at}"]["price"], found[f"p{at}"].get("currency", "")) == price
    for at, clean in enumerate(texts.values()):
        assert found[f"t{at}"].get("description", "") == clean
    assert [len(found[f"G{at}"]["variants"]) for at in range(7)] == [5] * 7


def test_mistakes_have_the_line_of_the_item_and_its_element(tmp_path):
    lines = [{"id": "1", "title": "a", "price": "free"}, {"id": "1", "title": "b"}, {"title": "c"}]
    _, problems = read(tmp_path / "feed.xml", as_rss(lines))
    assert [problem.split("  ")[0] for problem in problems] == [
        'line 2, column "price"', 'line 3, column "id"', "line 4",
    ]  # fmt: skip


def test_generated_titles_are_read(tmp_path):
    line = {"id": "1", "price": "1 EUR", "structured_title": "trained_algorithmic_media:Red: the mug"}
    found, _ = read(tmp_path / "a.tsv", rows([*HEADER, "structured_title"], line, separator="\t"))
    assert found["1"]["title"] == "Red: the mug"
