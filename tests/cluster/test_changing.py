"""Products put, updated and deleted through an alias, on a real index."""

import threading
import time

import pytest

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.changes import NOT_FOUND, apply_changes
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import (
    WRITE_BLOCKED,
    block_writes,
    open_or_create,
    switch_alias,
    unblock_writes,
)
from ltr_plugin.errors import ClusterError

pytestmark = pytest.mark.live


@pytest.fixture
def index(cluster, alias, vector, tmp_path):
    """The index behind the alias, for products with words and photos; photos lie in `main`."""
    (tmp_path / "main").mkdir()
    index = open_or_create(cluster, alias, [vector(), vector("image_vector", "image")], tmp_path / "main")
    switch_alias(cluster, alias, index.name)
    return index


def apply(index, *changes, **how):
    return apply_changes(ManagedIndex.open(index.cluster, index.name.rpartition("-v")[0]), changes, **how)


def update(**fields):
    return ProductUpdateModel(id="a", **fields)


def stored(index, id_="a"):
    found = index.fetch([id_])
    return found[0] if found else None


def embed_all(index):
    product = stored(index)
    done = [
        EmbeddingResult("a", one, product.content_hash[one.source], [1, 0, 0])
        for one in index.vectors
        if one.source in product.content_hash
    ]
    assert list(index.write_vectors(done)) == [("a", None)]


def test_an_update_changes_what_it_names_and_leaves_the_rest(index):
    whole = Product(id="a", title="mug", price=10.0, attributes={"size": 3, "colour": "red"}, category=("A", "B"))
    assert (
        apply(index, whole, update(price=9.9, attributes={"size": None, "sole": "wood"}, category=["C"])) == [None] * 2
    )
    assert stored(index).product == Product(
        id="a", title="mug", price=9.9, attributes={"colour": "red", "sole": "wood"}, category=("C",)
    )


def test_a_new_price_embeds_nothing_again_even_where_the_photos_are_not_at_hand(index, tmp_path):
    (tmp_path / "main" / "a.jpg").write_bytes(b"photo")
    apply(index, Product(id="a", title="mug", price=10.0, images=("a.jpg",)))
    embed_all(index)
    (tmp_path / "main" / "a.jpg").unlink()
    assert apply(index, update(price=9.9, stats={"rating": 4})) == [None]
    assert stored(index).pending(index.vectors) == []


def test_a_new_title_or_photo_is_to_be_embedded_again(index, tmp_path):
    photo = tmp_path / "main" / "a.jpg"
    photo.write_bytes(b"photo")
    apply(index, Product(id="a", title="mug", images=("a.jpg",)))
    embed_all(index)
    apply(index, update(title="cup"))
    assert [one.name for one in stored(index).pending(index.vectors)] == ["text_vector"]
    photo.write_bytes(b"other photo")
    apply(index, update(images=["a.jpg"]))
    assert [one.name for one in stored(index).pending(index.vectors)] == ["text_vector", "image_vector"]


def test_an_update_that_leaves_no_product_or_finds_none_is_refused_and_the_others_are_done(index):
    apply(index, Product(id="a", title="mug"))
    wrong = apply(index, ProductUpdateModel(id="b", price=1), update(title=None), update(price=2))
    assert "put it as a whole first" in wrong[0]
    assert "needs a title or at least one of" in wrong[1]
    assert wrong[2] is None
    assert stored(index).product.price == 2


def test_changes_of_one_product_are_done_in_their_order(index):
    mug, gone = Product(id="a", title="mug"), CatalogEntry(id="a", deleted=True)
    assert apply(index, mug, update(price=1), update(price=2)) == [None] * 3
    assert stored(index).product.price == 2
    assert apply(index, gone, Product(id="a", title="cup"), gone, gone) == [None, None, None, NOT_FOUND]
    assert stored(index) is None
    assert apply(index, gone, Product(id="a", title="cup")) == [NOT_FOUND, None]
    assert stored(index).product.title == "cup"


def test_updates_at_the_same_time_lose_nothing(index):
    apply(index, Product(id="a", title="mug"))
    results = []

    def rate(number):
        results.extend(apply(index, update(stats={f"s{number}": number})))

    threads = [threading.Thread(target=rate, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [None] * 4
    assert stored(index).product.stats == {f"s{number}": number for number in range(4)}


def test_writes_wait_while_the_alias_moves_and_reach_the_new_version(index, cluster, alias, vector, tmp_path):
    newer = open_or_create(cluster, alias, [vector(weights="w2")], tmp_path)
    with block_writes(cluster, index.name):
        writer = threading.Thread(target=apply, args=(index, Product(id="a", title="mug")))
        writer.start()
        time.sleep(0.5)
        assert writer.is_alive()
        switch_alias(cluster, alias, newer.name, index.name)
    writer.join()
    assert stored(newer).product.title == "mug"
    assert stored(index) is None


def test_a_hold_that_is_never_lifted_is_said_with_what_to_do(index, cluster):
    with block_writes(cluster, index.name):
        pass
    with pytest.raises(ClusterError, match=r"takes no writes.*ltr index drop") as raised:
        apply(index, Product(id="a", title="mug"), retry_timeout_s=0.3)
    assert raised.value.retryable  # who takes in a stream waits, and loses nothing
    ((_, raw),) = index.put([Product(id="a", title="mug")])
    assert WRITE_BLOCKED in raw
    unblock_writes(cluster, index.name)
    assert apply(index, Product(id="a", title="mug")) == [None]


def test_media_of_another_folder_are_kept_with_their_whole_path(index, tmp_path):
    other, inner = tmp_path / "other", tmp_path / "main" / "inner"
    for folder in (other, inner):
        folder.mkdir()
        (folder / "a.jpg").write_bytes(b"photo")
    photo = Product(id="a", images=("a.jpg", "http://shop/a.jpg"))
    apply(index, photo, folder=inner)
    assert stored(index).product.images == ("inner/a.jpg", "http://shop/a.jpg")
    apply(index, photo, folder=other)
    assert stored(index).product.images == (str(other / "a.jpg"), "http://shop/a.jpg")
    before = stored(index).content_hash["image"]
    (other / "a.jpg").write_bytes(b"other photo")
    apply(index, photo, folder=other)
    assert stored(index).content_hash["image"] != before
