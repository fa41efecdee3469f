"""Names that stand for one thing, and go into a path as they are."""

import pytest

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import active_index, create_next_version
from ltr_plugin.cluster.names import is_name, require_name
from ltr_plugin.errors import InputError


@pytest.mark.parametrize("name", ["shop", "shop-v1", "Shop_2", "läden", "a.b", "2026"])
def test_ordinary_names(name):
    assert require_name("index", name) == name


@pytest.mark.parametrize(
    "name", ["", "*", "a*", "a,b", "a/b", "../a", ".", "..", "-a", "_all", "a b", "a%2fb", "a?x=1"]
)
def test_what_is_no_name(name):
    assert not is_name(name)


def test_new_names_are_of_lower_case():
    with pytest.raises(InputError, match=r"index: 'Shop' is no name; use lower-case letters"):
        require_name("index", "Shop", lower_case=True)


@pytest.mark.parametrize("name", ["*", "a/b", ""])
@pytest.mark.live
def test_no_index_is_opened_by_what_is_no_name(cluster, name):
    with pytest.raises(InputError, match="is no name"):
        ManagedIndex.open(cluster, name)


@pytest.mark.live
def test_a_version_is_not_written_to_by_its_own_name(cluster, alias, tmp_path):
    index = create_next_version(cluster, alias, [], tmp_path)
    with pytest.raises(InputError, match=f"is a version of {alias}; use that name"):
        active_index(cluster, index.name)


@pytest.mark.live
def test_a_cluster_without_a_store_has_no_models(cluster):
    assert FeatureStore(cluster, "nobody-made-it").model_names() == []
