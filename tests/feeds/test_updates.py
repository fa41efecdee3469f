"""Feeds as updates: only what the mapping names is changed, in the products and variants that a `put` makes."""

from feed_files import read, rows

from ltr_plugin.catalog.schema import CatalogSchema, DeclaredField
from ltr_plugin.feeds.mapping import FeedMapping

STOCK = CatalogSchema(fields=[DeclaredField(name=f"variants.{name}", type="number") for name in ("stock",)])


def update(path, text, **columns):
    return read(path, text, mapping=FeedMapping(version=1, columns=columns), schema=STOCK, update=True)


def test_a_table_changes_the_columns_that_are_named(tmp_path):
    text = "Nr;Titel;Preis;Bild\n1;Haus;12,50;a.jpg\n2;;;\n3;Hof;abc;\n"
    found, problems = update(tmp_path / "a.csv", text, Nr="id", Preis="price")
    assert found == {"1": {"id": "1", "price": 12.5}}
    assert problems == ["line 4, column \"Preis\"  'abc' is no price; write it as 12,50, or 12,50 EUR"]


def test_variants_of_shopify_are_those_of_the_whole_feed(tmp_path):
    header = ("Handle", "Title", "Vendor", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Inventory Qty")
    lines = [
        {"Handle": "a", "Title": "A", "Vendor": "x", "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "a1",
         "Variant Inventory Qty": "3"},
        {"Handle": "a", "Option1 Value": "M", "Variant Inventory Qty": "0"},
    ]  # fmt: skip
    found, problems = update(tmp_path / "a.csv", rows(header, *lines), **{"Variant Inventory Qty": "variants.stock"})
    assert problems == []
    assert found == {"a": {"id": "a", "variants": [{"id": "a1", "stock": 3}, {"id": "a-m", "stock": 0}]}}
    assert update(tmp_path / "a.csv", rows(header, *lines), Vendor="brand")[0] == {"a": {"id": "a", "brand": "x"}}


def test_the_only_variant_of_a_product_stays_its_variant(tmp_path):
    text = "Handle,Title,Vendor,Variant SKU,Variant Inventory Qty,Variant Price\na,A,x,a1,3,5.00\n"
    changed = update(tmp_path / "a.csv", text, **{"Variant Price": "variants.price"})
    assert changed == ({"a": {"id": "a", "price": 5.0, "variants": [{"id": "a1", "price": 5.0}]}}, [])
    text = "id\ttitle\tprice\tlink\tavailability\tstock\n1\tMug\t5 EUR\thttps://x\tin_stock\t3\n"
    changed = update(tmp_path / "g.tsv", text, price="price")
    assert changed[0]["1"]["variants"] == [{"id": "1", "price": 5.0}]


def test_products_of_woocommerce_and_google_are_those_of_the_whole_feed(tmp_path):
    text = (
        "ID,Type,SKU,Name,Published,Categories,Stock,Attribute 1 name,Attribute 1 value(s)\n"
        "7,simple,w,Mug,1,Cups,3,Color,red\n"
    )
    assert update(tmp_path / "w.csv", text, Stock="variants.stock") == (
        {"w": {"id": "w", "variants": [{"id": "w", "stock": 3}]}}, []
    )  # fmt: skip
    text = "id\ttitle\tprice\tlink\tavailability\titem_group_id\n1\tMug\t5 EUR\thttps://x\tin_stock\tG\n"
    assert update(tmp_path / "g.tsv", text, price="price") == (
        {"G": {"id": "G", "currency": "EUR", "price": 5.0, "variants": [{"id": "1", "price": 5.0}]}}, []
    )  # fmt: skip
