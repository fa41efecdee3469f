"""Changes with a stamp: an older one does not overwrite a newer one, and does not bring a deleted product back."""

from functools import partial

import pytest
from together import together

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.index import NOT_FOUND, ManagedIndex
from ltr_plugin.cluster.managed.scripts import STALE
from ltr_plugin.cluster.managed.sync import sync
from ltr_plugin.cluster.managed.versions import create_next_version, open_or_create, switch_alias

pytestmark = pytest.mark.live


@pytest.fixture
def index(cluster, alias, vector, tmp_path):
    made = open_or_create(cluster, alias, [vector()], tmp_path)
    switch_alias(cluster, alias, made.name)
    return ManagedIndex.open(cluster, alias)


def put(price, changed=None, id_="a"):
    return Product(id=id_, title="mug", price=price, changed=changed)


def update(price, **stamp):
    return ProductUpdateModel(id="a", price=price, **stamp)


def gone(changed=None):
    return CatalogEntry(id="a", deleted=True, changed=changed)


def stored(index):
    found = index.fetch(["a"])
    return (found[0].product.price, found[0].product.changed) if found else None


@pytest.mark.parametrize("older", [put(1, 4), update(1, changed=4), gone(4)])
def test_an_older_change_of_any_kind_is_skipped(index, older):
    assert apply_changes(index, [put(9, 5), older]) == [None, STALE]
    assert stored(index) == (9, 5)


@pytest.mark.parametrize(
    ("newer", "result"),
    [(put(1, 5), (1, 5)), (put(1, 2**62), (1, 2**62)), (update(1, changed=6), (1, 6)), (gone(5), None)],
)
def test_a_change_of_the_same_or_a_greater_stamp_is_made(index, newer, result):
    assert apply_changes(index, [put(9, 5), newer]) == [None, None]
    assert stored(index) == result


@pytest.mark.parametrize(("change", "result"), [(put(1), (1, 5)), (update(1), (1, 5)), (gone(), None)])
def test_a_change_without_a_stamp_is_made_and_leaves_the_products_stamp(index, change, result):
    assert apply_changes(index, [put(9, 5), change]) == [None, None]
    assert stored(index) == result


def test_an_older_change_does_not_bring_a_deleted_product_back(index):
    assert apply_changes(index, [put(9, 5), gone(7)]) == [None, None]
    others = [put(1, id_="b"), put(1, 3, id_="c")]
    assert apply_changes(index, [put(1, 6), *others, update(1, changed=6)]) == [STALE, None, None, STALE]
    assert stored(index) is None
    assert apply_changes(index, [gone(6), put(1, 6)]) == [NOT_FOUND, STALE]  # an older deletion does not count
    assert apply_changes(index, [put(2, 8)]) == [None]
    assert stored(index) == (2, 8)


def test_of_changes_at_the_same_time_the_newest_stays(index):
    changes = [put(number, number) for number in range(1, 9)]
    for _ in range(5):
        results = together(*(partial(apply_changes, index, [change]) for change in changes))
        assert all(one in ([None], [STALE]) for one in results)
        assert stored(index) == (8, 8)


def test_another_version_gets_the_products_of_the_one_that_serves_whatever_stamps_it_has(
    index, cluster, alias, vector, tmp_path
):
    copy = create_next_version(cluster, alias, [vector(weights="w2")], tmp_path)
    assert apply_changes(ManagedIndex.open(cluster, copy.name), [put(9, 9)]) == [None]
    assert apply_changes(index, [put(5, 5)]) == [None]
    sync(index, copy)
    assert stored(copy) == (5, 5)
