"""A version beside another one: filled, followed, and put in its place, on a real cluster."""

import pytest

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed import sync as sync_module
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.sync import cut_over, sync
from ltr_plugin.cluster.managed.versions import (
    create_next_version,
    open_or_create,
    resolve_alias,
    switch_alias,
    write_notes,
    writes_blocked,
)

pytestmark = pytest.mark.live


@pytest.fixture
def old(cluster, alias, vector, tmp_path):
    """Five products with words and a photo, p0 to p3 with both vectors, p3's with errors beside them."""
    index = open_or_create(cluster, alias, [vector(), vector("image_vector", "image")], tmp_path)
    switch_alias(cluster, alias, index.name)
    products = [Product(id=f"p{n}", title=f"mug {n}", price=n, images=(f"{n}.jpg", "b.jpg")) for n in range(5)]
    assert apply_changes(ManagedIndex.open(cluster, alias), products) == [None] * 5
    made = [
        EmbeddingResult(
            one.product.id, field, one.content_hash[field.source], [1, 0, n], "bad" if n == 3 else None, per_media
        )
        for n, one in enumerate(index.fetch([f"p{n}" for n in range(4)]))
        for field, per_media in zip(index.vectors, ((), ([1, 0, 0], [0, 1, n])), strict=True)
    ]
    assert all(error is None for _, error in index.write_vectors(made))
    return index


@pytest.fixture
def new(old, alias, vector, tmp_path):
    """An empty version whose photos go through another encoder."""
    return create_next_version(old.cluster, alias, [vector(), vector("image_vector", "image", weights="w2")], tmp_path)


def source(index, id_):
    return index.cluster.call("GET", f"/{index.name}/_doc/{id_}")["_source"]


def pending(index):
    index.refresh()
    ids = list(index.ids())
    return {one.product.id: [field.name for field in one.pending(index.vectors)] for one in index.fetch(ids)}


def test_vectors_of_the_same_encoder_are_kept_and_only_the_others_are_to_be_made(old, new):
    heard = []
    sync(old, new, progress=lambda done, total=None: heard.append((done, total)))
    assert heard[-1] == (5, 5)
    lacking = pending(new)
    assert lacking == {**{f"p{n}": ["image_vector"] for n in range(4)}, "p4": ["text_vector", "image_vector"]}
    assert source(new, "p1")["text_vector"] == [1, 0, 1]
    assert "image_vector" not in source(new, "p1")
    assert source(new, "p1")["price"] == 1
    assert list(new.errors()) == [("p3", "text_vector", "bad")]


def test_each_photos_own_vector_is_kept_where_the_encoder_is_the_same(old, cluster, alias, vector, tmp_path):
    newer = create_next_version(cluster, alias, [vector(weights="w2"), vector("image_vector", "image")], tmp_path)
    sync(old, newer)
    assert pending(newer)["p2"] == ["text_vector"]
    assert source(newer, "p2")["per_media"] == {"image_vector": [{"vector": [1, 0, 0]}, {"vector": [0, 1, 2]}]}


def test_what_changed_meanwhile_is_caught_up_and_nothing_is_written_twice(old, new, cluster, alias):
    sync(old, new)
    versions = {id_: cluster.call("GET", f"/{new.name}/_doc/{id_}")["_version"] for id_ in ("p1", "p2")}
    changes = [
        Product(id="p9", title="new"),
        ProductUpdateModel(id="p1", price=99),
        CatalogEntry(id="p0", deleted=True),
    ]
    assert apply_changes(ManagedIndex.open(cluster, alias), changes) == [None] * 3
    heard = []
    sync(old, new, progress=lambda done, total=None: heard.append((done, total)))
    assert heard[-1] == (2, 2)  # the other products are not even read
    assert sorted(pending(new)) == ["p1", "p2", "p3", "p4", "p9"]
    assert source(new, "p1")["price"] == 99
    assert source(new, "p1")["text_vector"] == [1, 0, 1]
    assert cluster.call("GET", f"/{new.name}/_doc/p2")["_version"] == versions["p2"]
    write_notes(new, synced_from={})
    sync(old, new)  # the whole once more: all is there already
    assert cluster.call("GET", f"/{new.name}/_doc/p2")["_version"] == versions["p2"]


def embed(index, id_, number, name=None):
    """Gives a product the vectors that it lacks."""
    (one,) = index.fetch([id_])
    fields = [field for field in one.pending(index.vectors) if name in (None, field.name)]
    made = [EmbeddingResult(id_, field, one.content_hash[field.source], [1, 1, number]) for field in fields]
    assert list(index.write_vectors(made)) == [(id_, None)]


def test_what_is_embedded_anew_in_one_version_is_embedded_anew_in_the_other(old, new):
    sync(old, new)
    embed(new, "p1", 7)
    assert pending(new)["p1"] == []
    assert list(old.invalidate_vectors(["p1"])) == [("p1", None)]
    embed(old, "p1", 8, "text_vector")
    sync(old, new)
    assert pending(new)["p1"] == ["image_vector"]  # though it was made from the same reference
    assert source(new, "p1")["text_vector"] == [1, 1, 8]
    assert pending(old)["p1"] == ["image_vector"]


def test_what_was_embedded_anew_is_so_after_the_way_back_too(old, new, cluster, alias):
    sync(old, new)
    cut_over(cluster, alias, new)
    assert list(new.invalidate_vectors(["p1"])) == [("p1", None)]
    embed(new, "p1", 8)
    cut_over(cluster, alias, old)
    assert pending(old)["p1"] == ["image_vector"]
    assert source(old, "p1")["text_vector"] == [1, 1, 8]


def test_an_error_that_was_copied_goes_when_its_product_is_tried_again_with_success(old, new):
    sync(old, new)
    assert list(new.errors()) == [("p3", "text_vector", "bad")]
    old.refresh()
    assert old.requeue_failed() == 1
    embed(old, "p3", 8)
    sync(old, new)
    assert pending(new)["p3"] == ["image_vector"]
    assert list(new.errors()) == []
    assert source(new, "p3")["text_vector"] == [1, 1, 8]


def test_the_alias_moves_with_the_last_change_and_late_writes_are_not_lost_in_the_old_version(old, new, cluster, alias):
    sync(old, new)
    assert (
        apply_changes(
            ManagedIndex.open(cluster, alias), [Product(id="late", title="late"), CatalogEntry(id="p2", deleted=True)]
        )
        == [None] * 2
    )
    assert cut_over(cluster, alias, new) == old.name
    assert resolve_alias(cluster, alias) == new.name
    assert sorted(pending(new)) == ["late", "p0", "p1", "p3", "p4"]
    assert writes_blocked(cluster, old.name)
    ((_, wrong),) = old.put([Product(id="later", title="later")])  # as by a writer that looked up the alias before
    assert wrong


def test_the_way_back_brings_along_what_changed_since(old, new, cluster, alias):
    sync(old, new)
    cut_over(cluster, alias, new)
    apply_changes(
        ManagedIndex.open(cluster, alias), [ProductUpdateModel(id="p1", price=50), CatalogEntry(id="p4", deleted=True)]
    )
    heard = []
    sync(new, old, progress=lambda done, total=None: heard.append((done, total)))
    assert heard[-1] == (1, 1)
    assert cut_over(cluster, alias, old) == new.name
    assert resolve_alias(cluster, alias) == old.name
    assert source(old, "p1")["price"] == 50
    assert pending(old) == {"p0": [], "p1": [], "p2": [], "p3": []}  # with the vectors that it had


def test_a_move_that_fails_at_its_last_step_leaves_the_old_version_at_work(old, new, cluster, alias, monkeypatch):
    sync(old, new)
    apply_changes(ManagedIndex.open(cluster, alias), [Product(id="late", title="late")])
    real = sync_module.sync

    def failing(one, other):
        if writes_blocked(cluster, one.name):
            raise KeyboardInterrupt
        real(one, other)

    monkeypatch.setattr(sync_module, "sync", failing)
    with pytest.raises(KeyboardInterrupt):
        cut_over(cluster, alias, new)
    assert resolve_alias(cluster, alias) == old.name
    assert apply_changes(
        ManagedIndex.open(cluster, alias), [Product(id="later", title="later")], retry_timeout_s=0
    ) == [None]


def test_an_alias_without_index_gets_its_first(cluster, alias, vector, tmp_path):
    first = open_or_create(cluster, alias, [vector()], tmp_path)
    assert cut_over(cluster, alias, first) is None
    assert cut_over(cluster, alias, first) == first.name
    assert resolve_alias(cluster, alias) == first.name
