"""Shopify's product CSV: variants, photos on lines of their own, drafts, in the columns of before and after 2025."""

import pytest
from feed_files import PRICES, TEXTS, read, rows

OLD = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Variant Barcode", "Image Src", "Image Position",
    "Image Alt Text", "Gift Card", "SEO Title", "Google Shopping / MPN", "Variant Image", "Cost per item",
    "Included / United States", "Price / International", "Status", "Color (product.metafields.shopify.color-pattern)",
)  # fmt: skip
RENAMED = {
    "Handle": "URL handle", "Body (HTML)": "Description", "Product Category": "Product category",
    "Published": "Published on online store", "Option1 Name": "Option1 name", "Option1 Value": "Option1 value",
    "Option2 Name": "Option2 name", "Option2 Value": "Option2 value", "Variant SKU": "SKU",
    "Variant Inventory Qty": "Inventory quantity", "Variant Price": "Price", "Variant Compare At Price":
    "Compare-at price", "Variant Barcode": "Barcode", "Image Src": "Product image URL",
    "Image Position": "Image position", "Variant Image": "Variant image URL",
}  # fmt: skip

LINES = [
    {"Handle": "shirt", "Title": "Shirt", "Body (HTML)": "<p>Nice &amp; <b>soft</b></p><ul><li>A</li></ul>",
     "Vendor": "Acme", "Product Category": "Apparel > Shirts", "Type": "Tee", "Tags": "red, summer",
     "Published": "TRUE", "Status": "active", "Option1 Name": "Size", "Option1 Value": "S", "Option2 Name": "Color",
     "Option2 Value": "Red", "Variant SKU": "S-R", "Variant Price": "19.99", "Variant Compare At Price": "25.00",
     "Variant Inventory Qty": "3", "Image Src": "https://x/a.jpg", "Image Position": "1", "SEO Title": "Buy!",
     "Cost per item": "3.00", "Price / International": "30", "Gift Card": "FALSE",
     "Color (product.metafields.shopify.color-pattern)": "red; blue"},
    {"Handle": "shirt", "Option1 Value": "M", "Option2 Value": "Red", "Variant Price": "18.50",
     "Variant Barcode": "'04006381333931", "Variant Image": "https://x/m.jpg"},
    {"Handle": "shirt", "Option1 Value": "L", "Option2 Value": "Red", "Variant SKU": "S-R", "Variant Price": "21"},
    {"Handle": "shirt", "Image Src": "https://x/b.jpg", "Image Position": "2"},
    {"Handle": "mug", "Title": "Mug", "Published": "true", "Status": "active", "Option1 Name": "Title",
     "Option1 Value": "Default Title", "Variant SKU": "MUG", "Variant Price": "5", "Variant Barcode": "123"},
    {"Handle": "draft", "Title": "Draft", "Status": "draft", "Variant Price": "5"},
    {"Handle": "hidden", "Title": "Hidden", "Published": "FALSE", "Variant Price": "5"},
]  # fmt: skip
EXPECTED = {
    "shirt": {
        "id": "shirt", "title": "Shirt", "description": "Nice & soft\nA", "brand": "Acme",
        "category": ["Apparel", "Shirts", "Tee"], "price": 18.5,
        "images": ["https://x/a.jpg", "https://x/m.jpg", "https://x/b.jpg"],
        "attributes": {"tags": ["red", "summer"], "Color": ["red", "blue"]},
        "variants": [
            {"id": "S-R", "price": 19.99,
             "attributes": {"stock": 3, "regular_price": 25, "Size": "S", "Color": "Red"}},
            {"id": "shirt-m-red", "price": 18.5, "ean": ["04006381333931"],
             "attributes": {"Size": "M", "Color": "Red"}},
            {"id": "shirt-l-red", "price": 21.0, "attributes": {"Size": "L", "Color": "Red"}},
        ],
    },
    "mug": {"id": "mug", "title": "Mug", "price": 5.0, "ean": ["123"], "attributes": {"sku": "MUG"}},
}  # fmt: skip


def renamed(lines):
    return [{RENAMED.get(name, name): value for name, value in line.items()} for line in lines]


@pytest.mark.parametrize("new", [False, True], ids=["old columns", "new columns"])
def test_lines_of_a_handle_are_one_product(tmp_path, new):
    header = [RENAMED.get(name, name) for name in OLD] if new else OLD
    found, problems = read(tmp_path / "products.csv", rows(header, *(renamed(LINES) if new else LINES)))
    assert problems == []
    assert found == EXPECTED


def test_lines_of_a_handle_may_be_apart(tmp_path):
    shuffled = [LINES[0], LINES[4], *LINES[1:4], *LINES[5:]]
    found, problems = read(tmp_path / "products.csv", rows(OLD, *shuffled))
    assert problems == []
    assert found == EXPECTED


def test_a_hundred_odd_lines_become_products(tmp_path):
    lines = [
        {"Handle": f"n{at}", "Title": "a", "Variant Price": text} for at, text in enumerate(PRICES) if text[0] != "-"
    ]
    lines += [{"Handle": f"t{at}", "Title": "a", "Body (HTML)": text} for at, text in enumerate(TEXTS)]
    for at in range(15):
        lines += [{"Handle": f"v{at}", "Title": "a" if size == "S" else "", "Option1 Value": size, "Variant Price": "1",
                   "Option1 Name": "Size" if size == "S" else ""} for size in "SML"]  # fmt: skip
        lines += [{"Handle": f"v{at}", "Image Src": f"https://x/{at}.jpg"}]
    assert len(lines) > 100
    found, problems = read(tmp_path / "products.csv", rows(OLD, *lines))
    assert problems == []
    for at, (text, (amount, currency)) in enumerate(PRICES.items()):
        if text[0] != "-":
            assert (found[f"n{at}"]["price"], found[f"n{at}"].get("currency", "")) == (amount, currency)
    for at, clean in enumerate(TEXTS.values()):
        assert found[f"t{at}"].get("description", "") == clean
    assert all([one["attributes"] for one in found[f"v{at}"]["variants"]] == [{"Size": size} for size in "SML"]
               for at in range(15))  # fmt: skip


def test_mistakes_of_variants_have_their_own_line(tmp_path):
    lines = [
        {"Handle": "a", "Title": "A", "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "1"},
        {"Handle": "a", "Option1 Value": "M", "Variant SKU": "2", "Variant Price": "-3"},
        {"Handle": "a", "Option1 Value": "L", "Variant Price": "many"},
        {"Handle": "b", "Title": "B", "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "1"},
        {"Handle": "b", "Option1 Value": "S", "Variant SKU": "1"},
        {"Handle": "", "Title": "C"},
    ]
    found, problems = read(tmp_path / "products.csv", rows(OLD, *lines))
    assert found == {}
    assert [problem.split("  ")[0] for problem in problems] == [
        'line 4, column "Variant Price"', 'line 3, column "Variant Price"', 'line 6, column "Variant SKU"', "line 7",
    ]  # fmt: skip
