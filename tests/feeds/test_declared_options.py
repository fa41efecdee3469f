"""Options and attributes as declared fields of variants, by their names, in every form that has them."""

import pytest
import yaml
from feed_files import read, rows

from ltr_plugin.catalog.schema import CatalogSchema, DeclaredField
from ltr_plugin.errors import InputError
from ltr_plugin.feeds.draft import draft_mapping
from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.mapping import FeedMapping, declared_types, read_mapping
from ltr_plugin.feeds.names import plain_names

SHOPIFY = (
    "Handle", "Title", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU",
    "Variant Inventory Qty", "Variant Price",
)  # fmt: skip
WOO = ("ID", "Type", "SKU", "Name", "Published", "Categories", "Stock", "Regular price", "Parent", "Attribute 1 name",
       "Attribute 1 value(s)", "Attribute 2 name", "Attribute 2 value(s)")  # fmt: skip
GOOGLE = ("id", "title", "price", "link", "availability", "item_group_id", "color", "product_detail")
JACKET = [
    {"Handle": "jacke", "Title": "Jacke", "Option1 Name": "Farbe", "Option1 Value": "rot", "Option2 Name": "Größe",
     "Option2 Value": "S", "Variant Price": "5"},
    {"Handle": "jacke", "Option1 Value": "blau", "Option2 Value": "M", "Variant Price": "6"},
]  # fmt: skip
BEANIE = {"Handle": "muetze", "Title": "Mütze", "Option1 Name": "farbe", "Option1 Value": "grau", "Variant SKU": "M-1",
          "Variant Price": "4"}  # fmt: skip
LAMP = {"Handle": "lampe", "Title": "Lampe", "Option1 Name": "Title", "Option1 Value": "Default Title",
        "Variant SKU": "L-1", "Variant Price": "9"}  # fmt: skip


def schema(**types):
    return CatalogSchema(fields=[DeclaredField(name=f"variants.{name}", type=one) for name, one in types.items()])


COLOURED = schema(farbe="keyword", groesse="keyword")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Größe", {"groesse", "grosse"}), ("Gro\u0308ße", {"groesse", "grosse"}), ("GRÖSSE", {"groesse", "grosse"}),
        ("Länge (cm)", {"laenge_cm", "lange_cm"}), ("Été à l'œuvre", {"ete_a_l_oeuvre"}), ("Colour", {"colour"}),
        ("Kolor główny", {"kolor_glowny"}), ("Størrelse", {"stoerrelse", "storrelse"}), ("颜色", {"颜色"}),
    ],
)  # fmt: skip
def test_names_of_fields_have_plain_letters(name, plain):
    assert set(plain_names(name)) == plain


def test_options_of_shopify_are_declared_fields_of_variants_also_of_a_product_of_one_line(tmp_path):
    found, problems = read(tmp_path / "p.csv", rows(SHOPIFY, *JACKET, BEANIE, LAMP), schema=COLOURED)
    assert problems == []
    assert found["jacke"]["variants"] == [
        {"id": "jacke-rot-s", "price": 5.0, "farbe": "rot", "groesse": "S"},
        {"id": "jacke-blau-m", "price": 6.0, "farbe": "blau", "groesse": "M"},
    ]
    assert found["muetze"]["variants"] == [{"id": "M-1", "price": 4.0, "farbe": "grau"}]
    assert found["lampe"] == {"id": "lampe", "title": "Lampe", "price": 9.0, "attributes": {"sku": "L-1"}}


def test_stock_of_shopify_is_a_declared_field_of_variants_by_its_name_or_by_the_mapping(tmp_path):
    line = {**LAMP, "Variant Inventory Qty": "3"}
    expected = [{"id": "L-1", "price": 9.0, "stock": 3}]
    mapping = FeedMapping(version=1, columns={"Variant Inventory Qty": "variants.stock"})
    for stated in (FeedMapping(version=1), mapping):
        found, problems = read(tmp_path / "p.csv", rows(SHOPIFY, line), mapping=stated, schema=schema(stock="number"))
        assert (problems, found["lampe"]["variants"]) == ([], expected)


def test_variants_with_one_sku_are_told_apart_by_declared_options(tmp_path):
    lines = [{**line, "Variant SKU": "J"} for line in JACKET]
    found, problems = read(tmp_path / "p.csv", rows(SHOPIFY, *lines), schema=COLOURED)
    assert (problems, [one["id"] for one in found["jacke"]["variants"]]) == ([], ["J", "jacke-blau-m"])


def test_a_mapping_says_what_options_are_by_their_names_or_columns(tmp_path):
    types = schema(colour="keyword", size="keyword")
    by_name = FeedMapping(version=1, options={"FARBE": "variants.colour", "Groesse": "variants.size"})
    by_column = FeedMapping(version=1, columns={"Option1 Value": "variants.colour", "Option2 Value": "variants.size"})
    for mapping in (by_name, by_column):
        found, problems = read(tmp_path / "p.csv", rows(SHOPIFY, *JACKET, BEANIE, LAMP), mapping=mapping, schema=types)
        assert problems == []
        assert found["jacke"]["variants"][1] == {"id": "jacke-blau-m", "price": 6.0, "colour": "blau", "size": "M"}
        assert found["muetze"]["variants"] == [{"id": "M-1", "price": 4.0, "colour": "grau"}]
        assert "variants" not in found["lampe"]
    left_out = FeedMapping(version=1, options={"Farbe": None, "Größe": "attributes.sizes"})
    found, _ = read(tmp_path / "p.csv", rows(SHOPIFY, *JACKET), mapping=left_out)
    assert found["jacke"]["attributes"] == {"sizes": "S"}
    assert all(one.keys() == {"id", "price"} for one in found["jacke"]["variants"])


def test_an_option_may_be_a_declared_field_of_products_with_the_values_of_all_variants(tmp_path):
    types = CatalogSchema(fields=[DeclaredField(name="farbe", type="keyword")])
    mapping = FeedMapping(version=1, options={"Farbe": "farbe"})
    found, problems = read(tmp_path / "p.csv", rows(SHOPIFY, *JACKET), mapping=mapping, schema=types)
    assert (problems, found["jacke"]["farbe"]) == ([], ["rot", "blau"])


def test_attributes_of_woocommerce_are_declared_fields_of_variants(tmp_path):
    colour = {"Attribute 1 name": "Farbe", "Published": "1"}
    size = {"Attribute 2 name": "Größe"}
    lines = [
        {"ID": "1", "Type": "variable", "SKU": "j", "Name": "Jacke", **colour, "Attribute 1 value(s)": "rot, blau",
         **size, "Attribute 2 value(s)": "S, M"},
        {"ID": "2", "Type": "variation", "SKU": "j1", "Parent": "j", **colour, "Attribute 1 value(s)": "rot",
         **size, "Regular price": "5", "Stock": "3"},
        {"ID": "4", "Type": "simple", "SKU": "m", "Name": "Mütze", **colour, "Attribute 1 value(s)": "grau",
         "Regular price": "4", "Stock": "0"},
    ]  # fmt: skip
    types = schema(farbe="keyword", groesse="keyword", stock="number")
    found, problems = read(tmp_path / "wc.csv", rows(WOO, *lines), schema=types)
    assert problems == []
    assert found["j"] == {
        "id": "j", "title": "Jacke", "price": 5.0,
        "variants": [{"id": "j1", "price": 5.0, "farbe": "rot", "groesse": ["S", "M"], "stock": 3}],
    }  # fmt: skip
    assert found["m"]["variants"] == [{"id": "m", "price": 4.0, "farbe": "grau", "stock": 0}]
    mapping = FeedMapping(version=1, options={"farbe": "variants.groesse"})
    found, _ = read(tmp_path / "wc.csv", rows(WOO, *lines), mapping=mapping, schema=types)
    assert found["m"]["variants"] == [{"id": "m", "price": 4.0, "groesse": "grau", "stock": 0}]


def test_columns_and_details_of_google_are_declared_fields_of_variants(tmp_path):
    lines = [
        {"id": "1", "title": "A", "price": "5 EUR", "item_group_id": "G", "color": "rot",
         "product_detail": "x:Größe:S"},
        {"id": "2", "title": "A", "price": "6 EUR", "item_group_id": "G", "color": "rot",
         "product_detail": "x:Größe:M"},
        {"id": "3", "title": "B", "price": "7 EUR", "item_group_id": "H", "color": "blau"},
        {"id": "4", "title": "C", "price": "8 EUR", "color": "grau"},
    ]  # fmt: skip
    types = schema(color="keyword", groesse="keyword")
    found, problems = read(tmp_path / "g.tsv", rows(GOOGLE, *lines, separator="\t"), schema=types)
    assert problems == []
    assert found["G"]["variants"] == [
        {"id": "1", "price": 5.0, "color": "rot", "groesse": "S"},
        {"id": "2", "price": 6.0, "color": "rot", "groesse": "M"},
    ]
    assert found["H"]["variants"] == [{"id": "3", "price": 7.0, "color": "blau"}]
    assert found["4"]["variants"] == [{"id": "4", "price": 8.0, "color": "grau"}]
    assert not any("attributes" in one for one in found.values())


@pytest.mark.parametrize(
    ("header", "lines", "name"),
    [(SHOPIFY, [*JACKET, BEANIE, LAMP], "variants.attributes.Farbe"),
     (WOO, [{"ID": "4", "Type": "simple", "SKU": "m", "Name": "M", "Attribute 1 name": "Farbe",
             "Attribute 1 value(s)": "grau, rot"}], "attributes.Farbe")],
)  # fmt: skip
def test_a_first_mapping_names_the_options(tmp_path, header, lines, name):
    path = tmp_path / "p.csv"
    text = rows(header, *lines)
    before, _ = read(path, text)
    draft = draft_mapping(Feed.open(path), "ltr")
    stated = yaml.safe_load(draft)
    assert stated["options"]["Farbe"] == name
    assert not any(column.startswith(("Option", "Attribute")) for column in stated["columns"])
    (tmp_path / "m.yaml").write_text(draft)
    assert read(path, text, mapping=read_mapping(tmp_path / "m.yaml", ()))[0] == before
    fields = declared_types(COLOURED)
    assert (
        yaml.safe_load(draft_mapping(Feed.open(path, declared=fields), "ltr"))["options"]["Farbe"] == "variants.farbe"
    )


def test_mistakes_of_options_have_their_paths(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("version: 1\noptions: {Farbe: variants.frabe, Nr: id, Größe: {too: x}}\n")
    with pytest.raises(InputError, match=r"\$\.options\.Größe\.too"):
        read_mapping(path, declared_types(COLOURED))
    path.write_text("version: 1\noptions: {Farbe: variants.frabe, Nr: id}\n")
    with pytest.raises(InputError) as error:
        read_mapping(path, declared_types(COLOURED))
    wrong, of_column = map(str, error.value.problems)
    assert wrong.startswith("$.options.Farbe  'variants.frabe' is no part of a product")
    assert wrong.endswith("did you mean 'variants.farbe'?")
    assert of_column == "$.options.Nr  'id' is read from a column, not from an option"
