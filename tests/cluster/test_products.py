"""Products in a real index: words first, vectors later, nothing done twice."""

import uuid

import pytest

from ltr_plugin.catalog.changes import ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import open_or_create, resolve_alias, switch_alias
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.search import search

pytestmark = pytest.mark.live


def field(name="text_vector", source="text", weights="w1"):
    return VectorField(name, source, "test:x", Fingerprint("test", "x", "", 3, "", weights))


TEXT, IMAGE = field(), field("image_vector", "image")


@pytest.fixture
def cluster(node_url):
    return connect(node_url)


@pytest.fixture
def index(cluster, tmp_path):
    alias = f"test-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, [TEXT, IMAGE], tmp_path)
    yield ManagedIndex.open(cluster, index.name)
    cluster.call("DELETE", f"/{alias}-v*")


def put(index, **product):
    (result,) = index.put([Product(id="a", **product)])
    assert result == ("a", None)
    index.refresh()


def stored(index):
    (product,) = index.fetch(["a"])
    return product


def made(index, vector_field=TEXT, **result):
    return EmbeddingResult("a", vector_field, stored(index).content_hash[vector_field.source], **result)


def version(index):
    return index.cluster.call("GET", f"/{index.name}/_doc/a")["_version"]


def test_a_product_is_in_the_backlog_until_every_vector_is_there(index, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"photo")
    put(index, title="red shoe", images=["a.jpg"])
    assert (index.count(), index.backlog(), list(index.backlog_ids())) == (1, 1, ["a"])
    assert stored(index).pending(index.vectors) == [TEXT, IMAGE]
    assert list(index.write_vectors([made(index, vector=[1, 0, 0]), made(index, IMAGE, vector=[0, 1, 0])])) == [
        ("a", None)
    ]
    index.refresh()
    assert index.backlog() == 0
    assert stored(index).pending(index.vectors) == []


def test_a_product_without_photos_lacks_no_photo_vector(index):
    put(index, title="red shoe")
    assert stored(index).pending(index.vectors) == [TEXT]


def test_an_unchanged_product_is_not_written_again(index):
    put(index, title="red shoe", price=10.0, attributes={"size": 42})
    put(index, title="red shoe", price=10.0, attributes={"size": 42})
    assert version(index) == 1


def test_a_new_price_keeps_the_vector_and_forgotten_attributes_are_gone(index):
    put(index, title="red shoe", price=10.0, attributes={"size": 42, "sole": "rubber"})
    list(index.write_vectors([made(index, vector=[1, 0, 0])]))
    put(index, title="red shoe", price=8.5, attributes={"size": 42})
    assert index.backlog() == 0
    source = index.cluster.call("GET", f"/{index.name}/_doc/a")["_source"]
    assert source["text_vector"] == [1, 0, 0]
    assert (source["price"], source["attributes"]) == (8.5, {"size": 42})


def test_a_new_title_is_embedded_again_while_the_old_vector_still_serves(index):
    put(index, title="red shoe")
    list(index.write_vectors([made(index, vector=[1, 0, 0])]))
    put(index, title="blue shoe")
    assert index.backlog() == 1
    assert index.cluster.call("GET", f"/{index.name}/_doc/a")["_source"]["text_vector"] == [1, 0, 0]


def test_a_photo_taken_away_takes_its_vector_along(index, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"photo")
    put(index, title="red shoe", images=["a.jpg"])
    list(index.write_vectors([made(index, IMAGE, vector=[0, 1, 0])]))
    put(index, title="red shoe")
    source = index.cluster.call("GET", f"/{index.name}/_doc/a")["_source"]
    assert "image_vector" not in source
    assert "image_vector" not in source["embedding"]


def test_a_vector_of_what_the_product_no_longer_says_is_dropped(index):
    put(index, title="red shoe")
    late = made(index, vector=[1, 0, 0])
    put(index, title="blue shoe")
    assert list(index.write_vectors([late])) == [("a", None)]
    index.refresh()
    assert index.backlog() == 1


def test_a_vector_of_a_deleted_product_is_dropped(index):
    put(index, title="red shoe")
    late = made(index, vector=[1, 0, 0])
    list(index.delete(["a"]))
    assert list(index.write_vectors([late])) == [("a", None)]
    index.refresh()
    assert index.count() == 0


def test_an_error_is_listed_and_leaves_the_backlog_until_it_is_forgotten(index):
    put(index, title="red shoe")
    list(index.write_vectors([made(index, error="no photo at all")]))
    index.refresh()
    assert index.backlog() == 0
    assert list(index.errors()) == [("a", "text_vector", "no photo at all")]
    assert index.requeue_failed() == 1
    assert index.backlog() == 1


def test_a_vector_that_was_being_made_when_it_was_asked_for_anew_is_dropped(index):
    put(index, title="red shoe")
    late = made(index, vector=[1, 0, 0])
    list(index.write_vectors([late]))
    assert list(index.invalidate_vectors(["a"])) == [("a", None)]
    assert list(index.write_vectors([late])) == [("a", None)]
    index.refresh()
    assert index.backlog() == 1
    late = made(index, vector=[1, 0, 0])
    list(index.invalidate_vectors(["a"]))  # once more
    list(index.write_vectors([late]))
    index.refresh()
    assert index.backlog() == 1


def test_a_product_that_was_embedded_anew_is_unchanged_when_it_is_put_again_until_it_says_something_else(index):
    put(index, title="red shoe")
    list(index.invalidate_vectors(["a"]))
    list(index.write_vectors([made(index, vector=[1, 0, 0])]))
    before = version(index)
    put(index, title="red shoe")
    assert (version(index), index.backlog()) == (before, 0)
    put(index, title="red shoe", price=3)
    assert index.backlog() == 0
    put(index, title="blue shoe")
    assert index.backlog() == 1
    list(index.write_vectors([made(index, vector=[0, 1, 0])]))
    index.refresh()
    assert index.backlog() == 0


def test_an_error_is_tried_again_without_the_vectors_of_other_modalities(index):
    put(index, title="red shoe", images=["a.jpg"])
    list(index.write_vectors([made(index, vector=[1, 0, 0]), made(index, IMAGE, error="no photo at all")]))
    index.refresh()
    assert index.requeue_failed() == 1
    assert stored(index).pending(index.vectors) == [IMAGE]
    assert index.backlog("image") == 1
    assert index.backlog("text") == 0


def test_a_vector_of_the_wrong_length_is_refused_by_itself(index):
    (first, second) = (Product(id="a", title="x"), Product(id="b", title="y"))
    list(index.put([first, second]))
    content_hash = {one.product.id: one.content_hash["text"] for one in index.fetch(["a", "b"])}
    results = dict(
        index.write_vectors(
            [
                EmbeddingResult("a", TEXT, content_hash["a"], [1.0, 2.0]),
                EmbeddingResult("b", TEXT, content_hash["b"], [1.0, 0.0, 0.0]),
            ]
        )
    )
    assert "dimension" in results["a"]
    assert results["b"] is None


def test_another_encoder_gets_a_new_index_beside_the_old_and_the_alias_moves_in_one_call(index, tmp_path):
    alias = index.name.removesuffix("-v1")
    cluster = index.cluster
    assert open_or_create(cluster, alias, [TEXT, IMAGE], tmp_path).name == index.name
    switch_alias(cluster, alias, index.name)
    newer = open_or_create(cluster, alias, [field(weights="w2"), IMAGE], tmp_path)
    assert newer.name == f"{alias}-v2"
    assert resolve_alias(cluster, alias) == index.name
    switch_alias(cluster, alias, newer.name, index.name)
    assert ManagedIndex.open(cluster, alias).name == newer.name


def test_an_index_of_somebody_else_is_refused(cluster, index):
    other = f"{index.name}0"
    cluster.call("PUT", f"/{other}")
    with pytest.raises(InputError, match="ltr index create"):
        ManagedIndex.open(cluster, other)


def test_an_alias_of_somebody_else_is_left_alone(cluster, index, tmp_path):
    alias = f"{index.name}1"
    cluster.call("POST", "/_aliases", {"actions": [{"add": {"index": index.name, "alias": alias}}]})
    with pytest.raises(InputError, match="choose another name"):
        open_or_create(cluster, alias, [TEXT], tmp_path)


def test_an_index_that_is_not_there_is_a_404(cluster):
    with pytest.raises(ClusterError, match="there is no index") as raised:
        ManagedIndex.open(cluster, "nowhere")
    assert raised.value.status == 404


def test_a_cluster_that_is_down_says_so():
    with pytest.raises(ClusterError, match="is the cluster up") as raised:
        OpenSearchCluster("http://127.0.0.1:9", retry_timeout_s=0).call("GET", "/")
    assert raised.value.retryable


def test_values_at_the_limits_of_the_cluster_are_taken_and_read_back(cluster, alias, tmp_path):
    index = open_or_create(cluster, alias, (), tmp_path)
    products = [
        Product(id="é" * 256, title="id"),
        Product(
            id="attribute", title="t", attributes={"care": "wash warm " * 4000, "also": ("ok", "x" * 40_000), "n": 1}
        ),
        Product(id="edge", title="t", attributes={"n" * 512: "x" * (32_000 - 512)}),
        Product(id="numbers", title="t", attributes={"n": 2**63 - 1}, stats={"m": 3.4028234663852886e38, "s": -1e-300}),
        Product(id="days", title="t", released="0001-01-01"),
        Product(id="last", title="t", released="9999-12-31T23:59:59-18:00"),
        Product(id="codes", title="t", currency="x" * 512, ean=("y" * 512,), category=("z" * 40_000,)),
        Product(id="nul", title="a\x00b", attributes={"a\x00b": "\x00"}),
    ]
    assert [error for _, error in index.put(products) if error] == []
    assert [stored.product for stored in index.fetch([one.id for one in products])] == products
    index.refresh()
    found = cluster.call("POST", f"/{index.name}/_search", {"query": {"match": {"attribute_text.stem": "washing"}}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["attribute"]
    found = cluster.call("POST", f"/{index.name}/_search", {"query": {"term": {"attributes.n": "1"}}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["attribute"]


def test_a_stored_product_that_breaks_a_rule_fails_no_neighbour_and_an_update_mends_it(cluster, alias, tmp_path):
    index = open_or_create(cluster, alias, (), tmp_path)
    list(index.put([Product(id="a", title="old"), Product(id="b", title="good")]))
    broken = {"doc": {"attributes": {"n": 10**400}, "currency": "x" * 600}}
    cluster.call("POST", f"/{index.name}/_update/a", broken)
    assert [stored.product.title for stored in index.fetch(["a", "b"])] == ["old", "good"]
    update = ProductUpdateModel.model_validate
    errors = apply_changes(index, [update({"id": "a", "price": 3}), update({"id": "b", "price": 3})])
    assert "$.currency" in errors[0]
    assert "$.attributes.n" in errors[0]
    assert errors[1] is None
    mended = {"id": "a", "price": 3, "currency": None, "attributes": {"n": None}}
    assert apply_changes(index, [update(mended)]) == [None]
    assert index.fetch(["a"])[0].product == Product(id="a", title="old", price=3)


def test_stats_of_ever_new_names_fill_the_index_and_stop_no_product_with_known_ones(index):
    def product(number, *names):
        return Product(id=f"p{number}", title="mug", stats=dict.fromkeys(names, 1.0))

    first = [product(number, *(f"clicks_{number}_{one}" for one in range(90))) for number in range(12)]
    refused = [error for _, error in index.put(first) if error]
    assert refused
    assert all("name the same number alike in all products" in error for error in refused)
    later = [product("a"), product("b", "clicks_0_0"), product("c", *(f"c_{one}" for one in range(90)))]
    assert [error is None for _, error in index.put(later)] == [True, True, False]


def test_variants_are_found_by_their_words_and_each_by_its_own_values(index):
    variants = [
        {"id": "a-s", "price": 10, "ean": ["4006381333931"], "attributes": {"size": "S", "colour": "night blue"}},
        {"id": "a-l", "price": 12, "attributes": {"size": "L", "colour": "red", "note": "x" * 40_000}},
    ]
    put(index, title="shirt", variants=variants)
    assert [one.model_dump(exclude_defaults=True) for one in stored(index).product.variants] == [
        {**one, "ean": tuple(one["ean"])} if "ean" in one else one for one in variants
    ]
    for text, count in (("night blue shirt", 1), ("sock", 0)):
        assert len(search(index, text)) == count
    (hit,) = search(index, "red")
    assert [one["id"] for one in hit.source["variants"]] == ["a-s", "a-l"]

    def matching(*clauses):
        query = {"nested": {"path": "variants", "query": {"bool": {"filter": clauses}}}}
        return index.cluster.call("POST", f"/{index.name}/_count", {"query": query})["count"]

    cheap, ean = {"range": {"variants.price": {"lte": 10}}}, {"term": {"variants.ean": "4006381333931"}}
    assert matching(cheap, ean) == 1
    assert matching({"range": {"variants.price": {"gt": 10}}}, ean) == 0  # of another variant
    with pytest.raises(ValueError, match="two variants have the id 'a-s'"):
        Product(id="a", title="shirt", variants=[variants[0], variants[0]])
