"""Fields that a profile declares: checked in products, filtered and counted as they are spelt, and read by features."""

import json
import uuid

import pytest

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import versions
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.search import search

pytestmark = pytest.mark.live

PROFILE = """
fields:
  - {name: colour, type: keyword}
  - {name: care, type: text}
  - {name: stock, type: number}
  - {name: since, type: date}
  - {name: organic, type: boolean}
  - {name: stores.stock, type: number}
  - {name: variants.size, type: keyword}
  - {name: variants.colour, type: keyword}
nested:
  - {path: stores, key: store}
filters:
  - {name: stock, field: stock, type: number, facet: {ranges: [1, 10]}}
"""

PRODUCTS = [
    {"id": "1", "title": "Mug", "colour": ["Dark Red", "Weiß"], "stock": 0, "organic": False, "since": "2024-01-05"},
    {"id": "2", "title": "Mug", "colour": "Weiß", "stock": 12, "organic": True, "care": "Dishwashers are safe"},
    {
        "id": "3",
        "title": "Mug",
        "colour": "blue",
        "stock": 3,
        "stores": [{"store": "berlin", "stock": 2}, {"store": "hamburg", "stock": 0}],
        "variants": [{"id": "3-s", "size": "S", "colour": "blue"}, {"id": "3-m", "size": "M", "colour": "grey"}],
    },
    {"id": "4", "title": "Mug", "brand": "Mira"},
]


@pytest.fixture(scope="module")
def shop(ltr, tmp_path_factory):
    """The name of an index of these products, made by the profile."""
    folder, name = tmp_path_factory.mktemp("declared"), f"declared-{uuid.uuid4().hex[:8]}"
    (folder / "index.yaml").write_text(PROFILE)
    (folder / "catalog.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in PRODUCTS))
    made = ltr("index", "create", name, "--profile", folder / "index.yaml", "--text-encoder", "none", "--shards", "2")
    assert made[0] == 0, made
    assert ltr("catalog", "put", folder / "catalog.jsonl", "--index", name)[0] == 0
    yield name
    assert ltr("index", "drop", name, "--all", "--yes")[0] == 0


def test_values_are_counted_as_they_are_spelt_and_filter(cluster, shop):
    found = search(Index.open(cluster, shop), text="mug", facets=True)
    counts = {name: {bucket.value: bucket.count for bucket in facet} for name, facet in found.facets.items()}
    assert counts["colour"] == {"Weiß": 2, "Dark Red": 1, "blue": 1}
    assert list(counts["organic"].values()) == [1, 1]
    assert [(one.low, one.high, one.count) for one in found.facets["stock"]] == [
        (None, 1, 1),
        (1, 10, 1),
        (10, None, 1),
    ]
    only = search(Index.open(cluster, shop), text="mug", filters={"colour": ["Weiß"], "stock": (1, None)})
    assert [hit.id for hit in only] == ["2"]
    dated = search(Index.open(cluster, shop), text="mug", filters={"since": ("2024-01-01", "2024-12-31")})
    assert [hit.id for hit in dated] == ["1"]


def test_fields_of_variants_and_stores_are_filters_too(ltr, cluster, shop):
    index = Index.open(cluster, shop)
    names = {one.field: one.name for one in index.profile.filters}
    assert names["variants.size"] == "size"
    assert (names["variants.colour"], names["stores.stock"]) == ("variants_colour", "stores_stock")
    asked = (
        "search",
        "mug",
        "--index",
        shop,
        "--filter",
        "stores_stock=1..",
        "--filter",
        "size=M",
        "--facets",
        "--json",
    )
    status, out, err = ltr(*asked, "--pick", "store=berlin")
    assert status == 0, err
    (hit,) = json.loads(out)["hits"]
    assert [one["store"] for one in hit["stores"]] == ["berlin", "hamburg"]
    assert hit["matches"]["stores"] == [{"store": "berlin", "stock": 2}]
    assert [one["id"] for one in hit["matches"]["variants"]] == ["3-m"]
    assert json.loads(out)["facets"]["size"] == [{"count": 1, "value": "M"}, {"count": 1, "value": "S"}]
    assert json.loads(ltr(*asked, "--pick", "store=hamburg")[1])["hits"] == []
    assert "it has store" in ltr(*asked, "--pick", "shop=berlin")[2]
    split = search(index, text="mug", filters={"size": "S", "variants_colour": "grey"})
    assert [hit.id for hit in split] == []


def test_texts_and_keywords_are_found_by_their_words(cluster, shop):
    assert [hit.id for hit in search(Index.open(cluster, shop), text="dishwasher")] == ["2"]
    assert [hit.id for hit in search(Index.open(cluster, shop), text="dark red")] == ["1"]
    assert [hit.id for hit in search(Index.open(cluster, shop), text="grey")] == ["3"]  # of a variant
    assert [hit.id for hit in search(Index.open(cluster, shop), text="berlin")] == []


def test_a_product_with_an_undeclared_or_mistyped_field_is_refused_and_its_neighbours_are_not(cluster, shop):
    wrong = [
        {"id": "8", "title": "Mug", "color": "red"},
        {"id": "9", "title": "Mug", "stock": "3"},
        {"id": "10", "title": "Mug", "stores": [{"stock": 3}]},
        {"id": "4", "title": "Mug", "brand": "Mira"},
    ]
    result = CatalogClient(shop, cluster=cluster).put(wrong)
    reasons = {one.id: one.reason for one in result.refused}
    assert reasons["8"] == (
        "$.color  unknown key; correct its name, put it into `attributes`, or declare it in the index's profile: "
        "`fields: [{name: color, type: keyword}]`"
    )
    assert reasons["9"].startswith("$.stock  '3' is no number")
    assert reasons["10"].startswith("$.stores[0].store  required key missing")
    assert result.applied == 1


def test_an_update_changes_and_removes_declared_values(cluster, shop):
    client = CatalogClient(shop, cluster=cluster)
    client.put([{"id": "5", "title": "Jug", "colour": "red", "stock": 4}])
    assert client.update([{"id": "5", "colour": None, "stock": 5}]).applied == 1
    product = ManagedIndex.open(cluster, shop).fetch(["5"])[0].product
    assert (product.stock, product.colour) == (5, None)
    client.delete(["5"])


def test_an_update_changes_the_stock_of_one_store_and_the_size_of_one_variant(cluster, shop):
    client = CatalogClient(shop, cluster=cluster)
    client.put([{**PRODUCTS[2], "id": "6"}])
    stores = [{"store": "hamburg", "stock": 9}]
    assert client.update([{"id": "6", "stores": stores, "variants": [{"id": "6", "deleted": True}]}]).applied == 1
    assert client.update([{"id": "6", "variants": [{"id": "3-s", "size": "XS"}]}]).applied == 1
    product = ManagedIndex.open(cluster, shop).fetch(["6"])[0].product
    assert [(one.store, one.stock) for one in product.stores] == [("berlin", 2), ("hamburg", 9)]
    assert [(one.id, one.size, one.colour) for one in product.variants] == [
        ("3-s", "XS", "blue"),
        ("3-m", "M", "grey"),
    ]
    client.delete(["6"])


def test_the_starting_features_read_declared_numbers_dates_and_booleans(ltr, shop, tmp_path):
    assert ltr("features", "init", "--index", shop, "--out", tmp_path / "f.yaml")[0] == 0
    features = {one.name: one.kind for one in FeatureSet.load(tmp_path / "f.yaml").features}
    assert features | {"stock": "field_value", "since": "recency", "organic": "template"} == features
    assert "care_bm25" in features
    text = (tmp_path / "f.yaml").read_text()
    lines = text.splitlines()
    commented = next(line for line in lines if "stores.stock" in line)
    (tmp_path / "g.yaml").write_text(text.replace(commented, commented.replace("# ", "", 1)))
    (nested,) = [one for one in FeatureSet.load(tmp_path / "g.yaml").features if one.name == "stores_stock"]
    assert (nested.kind, nested.nested, nested.pick) == ("field_value", "stores", "store")
    assert ltr("features", "check", tmp_path / "g.yaml", "--index", shop)[0] == 0


def test_another_schema_makes_the_next_version_with_all_products(ltr, cluster, shop, tmp_path):
    (tmp_path / "index.yaml").write_text(PROFILE.replace("care, type: text", "care, type: keyword"))
    status, _, err = ltr("profile", "put", tmp_path / "index.yaml", "--index", shop)
    assert status == 2
    assert "$.fields" in err
    assert "ltr index create" in err
    before = ManagedIndex.open(cluster, shop)
    assert ltr("index", "create", shop, "--profile", tmp_path / "index.yaml")[0] == 0
    after = ManagedIndex.open(cluster, shop)
    assert after.name != before.name
    assert after.count() == before.count()
    assert after.fetch(["3"])[0].product.stores[0].stock == 2
    safe = search(Index.open(cluster, shop), filters={"care": ["Dishwashers are safe"]})
    assert [hit.id for hit in safe] == ["2"]
    assert ltr("index", "create", shop, "--profile", tmp_path / "index.yaml")[0] == 2  # nothing would change
    settings = cluster.call("GET", f"/{after.name}/_settings")[after.name]["settings"]["index"]
    assert settings["number_of_shards"] == "2"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("fields: [{name: id, type: keyword}]", "$", "'id' is a part"),
        ("fields: [{name: Colour, type: keyword}]", "$.fields[0].name", "lower case letters a to z, digits and _"),
        (
            "{fields: [{name: variants.size, type: keyword}], text_fields: [variants.size]}",
            "$.text_fields[0]",
            "its words are found in attribute_text",
        ),
        ("fields: [{name: colour, type: colour}]", "$.fields[0].type", "colour"),
        ("fields: [{name: a.b, type: keyword}]", "$", "not declared"),
        ("fields: [{name: a, type: keyword}, {name: a, type: text}]", "$", "two fields"),
        ("filters: [{name: x, field: nowhere, type: keyword}]", "$.filters[0].field", "nowhere"),
        ("media_root: /srv", "$.media_root", "leave it out"),
        ("nested: [{path: stores, key: size}]", "$", "'size' means something else"),
        ("nested: [{path: variants, key: sku}]", "$", "declare it: `variants.sku`"),
    ],
)
def test_a_wrong_profile_is_refused_before_an_index_is_made(ltr, cluster, tmp_path, text, place, reason):
    (tmp_path / "index.yaml").write_text(text)
    status, _, err = ltr("index", "create", "declared-wrong", "--profile", tmp_path / "index.yaml")
    assert status == 2
    assert place in err
    assert reason in err
    assert not versions(cluster, "declared-wrong")
