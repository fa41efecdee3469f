"""WooCommerce's product CSV, in English and German: variations anywhere, reduced prices, hidden products."""

import pytest
from feed_files import PRICES, TEXTS, read, rows

from ltr_plugin.feeds.forms.woocommerce import GERMAN

HEADER = (
    "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?", "Visibility in catalog",
    "Short description", "Description", "Date sale price starts", "Date sale price ends", "Tax status", "In stock?",
    "Stock", "Weight (kg)", "Purchase note", "Sale price", "Regular price", "Categories", "Tags", "Images",
    "Download limit", "Parent", "Position", "Brands", "Attribute 1 name", "Attribute 1 value(s)",
    "Attribute 1 visible", "Attribute 1 global", "Attribute 2 name", "Attribute 2 value(s)", "Meta: _yoast",
)  # fmt: skip

LINES = [
    {"ID": "44", "Type": "variable", "SKU": "neck", "Name": "V-Neck", "Published": "1", "Tags": "a, b",
     "Visibility in catalog": "visible", "Short description": "Short.", "Description": "Long\\nline",
     "Categories": "Clothing > Shirts, Clothing > Fine\\, dear", "Images": "https://w/1.jpg, https://w/2.jpg",
     "Brands": "Acme", "Attribute 1 name": "Color", "Attribute 1 value(s)": "Blue, Green",
     "Attribute 2 name": "Fit", "Attribute 2 value(s)": "slim", "Meta: _yoast": "x"},
    {"ID": "46", "Type": "simple", "SKU": "hood", "Name": "Hoodie", "Published": "1", "Description": "'=SUM",
     "Regular price": "45", "Sale price": "40", "In stock?": "1", "Stock": "3", "Weight (kg)": ".5",
     "Tax status": "taxable", "Is featured?": "0"},
    {"ID": "47", "Type": "simple, downloadable, virtual", "Name": "Album", "Published": "1", "Regular price": "15",
     "Sale price": "10", "Date sale price starts": "2026-06-01"},
    {"ID": "48", "Type": "simple", "SKU": "x", "Name": "H", "Visibility in catalog": "hidden", "Regular price": "1"},
    {"ID": "49", "Type": "simple", "SKU": "y", "Name": "Draft", "Published": "-1", "Regular price": "1"},
    {"ID": "76", "Type": "variation", "SKU": "neck-red", "Name": "V-Neck - Red", "Published": "1", "Parent": "neck",
     "Regular price": "20", "Attribute 1 name": "Color", "Attribute 1 value(s)": "Blue", "Images": "https://w/3.jpg"},
    {"ID": "77", "Type": "variation", "Name": "V-Neck - Green", "Published": "1", "Regular price": "15,50",
     "Parent": "id:44", "Attribute 1 name": "Color", "Attribute 1 value(s)": "Green",
     "GTIN, UPC, EAN, or ISBN": "12"},
    {"ID": "78", "Type": "variation", "Name": "V-Neck - Old", "Published": "0", "Regular price": "1", "Parent": "neck"},
]  # fmt: skip
EXPECTED = {
    "neck": {
        "id": "neck", "title": "V-Neck", "description": "Short.\nLong\nline", "brand": "Acme",
        "category": ["Clothing", "Shirts", "Fine, dear"], "price": 15.5,
        "images": ["https://w/1.jpg", "https://w/2.jpg", "https://w/3.jpg"],
        "attributes": {"tags": ["a", "b"], "Color": ["Blue", "Green"], "Fit": ["slim"]},
        "variants": [
            {"id": "neck-red", "price": 20.0, "attributes": {"Color": "Blue", "title": "V-Neck - Red"}},
            {"id": "77", "price": 15.5, "ean": ["12"], "attributes": {"Color": "Green", "title": "V-Neck - Green"}},
        ],
    },
    "hood": {"id": "hood", "title": "Hoodie", "description": "=SUM", "price": 40.0,
             "attributes": {"in_stock": True, "stock": 3, "Weight (kg)": 0.5, "featured": False, "regular_price": 45}},
    "47": {"id": "47", "title": "Album", "price": 15.0},
}  # fmt: skip


def in_german(name):
    words = {english: german for german, english in reversed(GERMAN.items())}
    name = name.replace("Attribute", "Attribut").replace("value(s)", "Wert(e)").replace("Weight (kg)", "Gewicht (kg)")
    return words.get(name.lower(), name).capitalize()


def test_variations_go_to_their_parents(tmp_path):
    found, problems = read(tmp_path / "wc.csv", rows(HEADER, *LINES))
    assert problems == []
    assert found == EXPECTED


@pytest.mark.parametrize("order", [reversed, lambda lines: [*lines[5:], *lines[:5]]])
def test_variations_may_be_anywhere(tmp_path, order):
    found, problems = read(tmp_path / "wc.csv", rows(HEADER, *order(LINES)))
    assert problems == []
    assert {name: len(one.get("variants", ())) for name, one in found.items()} == {"neck": 2, "hood": 0, "47": 0}
    assert found["hood"] == EXPECTED["hood"]


def test_a_german_export_has_german_columns(tmp_path):
    lines = [{in_german(name): value for name, value in line.items()} for line in LINES]
    found, problems = read(tmp_path / "wc.csv", rows(list(map(in_german, HEADER)), *lines, separator=";"))
    assert problems == []
    weight = found["hood"]["attributes"].pop("Gewicht (kg)")
    assert found == {**EXPECTED, "hood": {**EXPECTED["hood"], "attributes": found["hood"]["attributes"]}}
    assert weight == 0.5


def test_a_hundred_odd_lines_become_products(tmp_path):
    common = {"Type": "simple", "Published": "1", "Name": "a"}
    lines = [{**common, "ID": f"1{at}", "Regular price": text} for at, text in enumerate(PRICES) if text[0] != "-"]
    lines += [{**common, "ID": f"2{at}", "Description": text} for at, text in enumerate(TEXTS)]
    lines += [{**common, "ID": f"3{at}", "Type": "variable", "SKU": f"p{at}"} for at in range(20)]
    lines += [{**common, "ID": f"4{at}", "Type": "variation", "Parent": f"p{at % 20}", "Regular price": str(at + 1)}
              for at in range(40)]  # fmt: skip
    assert len(lines) > 100
    found, problems = read(tmp_path / "wc.csv", rows(HEADER, *lines))
    assert problems == []
    for at, (text, (amount, currency)) in enumerate(PRICES.items()):
        if text[0] != "-":
            assert (found[f"1{at}"]["price"], found[f"1{at}"].get("currency", "")) == (amount, currency)
    for at, clean in enumerate(TEXTS.values()):
        assert found[f"2{at}"].get("description", "") == clean
    assert [(found[f"p{at}"]["price"], len(found[f"p{at}"]["variants"])) for at in range(20)] == [
        (at + 1, 2) for at in range(20)
    ]  # fmt: skip


def test_mistakes_are_named_by_line_and_column(tmp_path):
    lines = [
        {"ID": "1", "Type": "simple", "Name": "A", "SKU": "a", "Regular price": "x"},
        {"ID": "2", "Type": "variation", "Parent": "nobody"},
        {"ID": "3", "Type": "variation"},
        {"ID": "4", "Type": "simple", "Name": "A", "SKU": "a"},
        {"ID": "5", "Type": "variable", "Name": "B", "SKU": "b"},
        {"ID": "6", "Type": "variation", "Parent": "b", "SKU": "v"},
        {"ID": "7", "Type": "variation", "Parent": "b", "SKU": "v"},
    ]
    _, problems = read(tmp_path / "wc.csv", rows(HEADER, *lines))
    assert problems == [
        "line 2, column \"Regular price\"  'x' is no price; write it as 12.50, or 12.50 EUR",
        "line 5, column \"SKU\"  'a' is the id of line 2 too",
        "line 8, column \"SKU\"  'v' is the id of the variant in line 7 too",
        "line 3, column \"Parent\"  no product has the SKU or ID 'nobody'",
        'line 4, column "Parent"  is empty, so it is not known whose variation this is',
    ]
