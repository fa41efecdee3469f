"""Commands on the versions of one index at the same time: the alias stands on one, and nothing is lost."""

from functools import partial

import pytest
from together import together

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed import sync as sync_module
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.sync import cut_over, sync, synced_from
from ltr_plugin.cluster.managed.synonyms import put_synonyms
from ltr_plugin.cluster.managed.versions import (
    create_next_version,
    delete_versions,
    open_or_create,
    read_notes,
    resolve_alias,
    switch_alias,
    unblock_writes,
    versions,
    writes_blocked,
)
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.feature_set import FeatureSet

pytestmark = pytest.mark.live


@pytest.fixture
def active(cluster, alias, vector, tmp_path):
    """The index behind the alias, with one product."""
    index = open_or_create(cluster, alias, [vector()], tmp_path)
    switch_alias(cluster, alias, index.name)
    assert apply_changes(ManagedIndex.open(cluster, alias), [Product(id="a", title="mug")]) == [None]
    return index


@pytest.fixture
def copies(active, cluster, alias, vector, tmp_path):
    """Two versions beside the active one, of other encoders, each with its products."""
    made = [create_next_version(cluster, alias, [vector(weights=weights)], tmp_path) for weights in ("w2", "w3")]
    for one in made:
        sync(active, one)
    return made


def on(cluster, alias):
    return list(cluster.call("GET", f"/_alias/{alias}"))


def ids(index):
    index.refresh()
    return list(index.ids())


def test_versions_that_are_made_at_the_same_time_have_names_of_their_own(cluster, alias, vector, tmp_path):
    made = together(
        *(partial(create_next_version, cluster, alias, [vector(weights=f"w{n}")], tmp_path) for n in range(4))
    )
    assert sorted(one.name for one in made) == [f"{alias}-v{n}" for n in range(1, 5)]
    assert len({one.vectors for one in made}) == 4


def test_of_two_that_give_an_alias_its_first_index_one_succeeds(cluster, alias, vector, tmp_path):
    made = [create_next_version(cluster, alias, [vector(weights=weights)], tmp_path) for weights in ("w1", "w2")]
    results = together(*(partial(switch_alias, cluster, alias, one.name) for one in made))
    (error,) = filter(None, results)
    assert (error.status, "run this command again" in str(error)) == (409, True)
    assert on(cluster, alias) == [made[results.index(None)].name]


def test_of_two_that_move_an_alias_one_succeeds(cluster, alias, active, copies):
    results = together(*(partial(switch_alias, cluster, alias, one.name, active.name) for one in copies))
    (error,) = filter(None, results)
    assert error.status == 409
    assert on(cluster, alias) == [copies[results.index(None)].name]


def test_a_change_of_encoders_that_comes_second_loses_no_product(cluster, alias, active, copies):
    first, second = copies
    cut_over(cluster, alias, first)
    assert apply_changes(ManagedIndex.open(cluster, alias), [Product(id="b", title="cup")]) == [None]
    with pytest.raises(ClusterError, match="run this command again") as raised:
        cut_over(cluster, alias, second)
    assert raised.value.status == 409
    assert (on(cluster, alias), writes_blocked(cluster, active.name)) == ([first.name], True)
    assert apply_changes(ManagedIndex.open(cluster, alias), [Product(id="c", title="cup")], retry_timeout_s=0) == [None]
    sync(first, second)
    assert cut_over(cluster, alias, second) == first.name
    assert ids(second) == ["a", "b", "c"]


def test_a_cut_over_that_is_overtaken_at_its_last_step_leaves_the_others_work(
    cluster, alias, active, copies, monkeypatch
):
    """The critical point: the copy is done, the alias is not moved yet."""
    first, second = copies
    real = sync_module.switch_alias

    def overtaken(*args):
        monkeypatch.setattr(sync_module, "switch_alias", real)
        cut_over(cluster, alias, first)
        real(*args)

    monkeypatch.setattr(sync_module, "switch_alias", overtaken)
    with pytest.raises(ClusterError, match="another command has switched"):
        cut_over(cluster, alias, second)
    assert on(cluster, alias) == [first.name]
    assert writes_blocked(cluster, active.name)  # not unblocked by the one that lost
    assert read_notes(first)["previous_index"] == active.name
    assert synced_from(active, first)
    assert "previous_index" not in read_notes(second)


def test_the_same_cut_over_twice_is_done_once(cluster, alias, active, copies):
    results = together(*(partial(cut_over, cluster, alias, copies[0]) for _ in range(2)))
    assert set(results) <= {active.name, copies[0].name}
    assert on(cluster, alias) == [copies[0].name]
    assert synced_from(active, copies[0])


def test_a_version_that_became_active_meanwhile_is_not_dropped(cluster, alias, active, copies):
    first, second = copies
    cut_over(cluster, alias, first)
    with pytest.raises(ClusterError, match="run this command again"):
        delete_versions(cluster, alias, active.name, [first.name, second.name])
    assert versions(cluster, alias) == [active.name, first.name, second.name]
    delete_versions(cluster, alias, first.name, [active.name, second.name])
    assert versions(cluster, alias) == on(cluster, alias) == [first.name]


def test_late_writes_do_not_make_a_deleted_version_again(cluster, alias, copies):
    first, _ = copies
    late = ManagedIndex.open(cluster, first.name)
    cluster.call("DELETE", f"/{first.name}")
    ((_, error),) = late.put([Product(id="x", title="mug")])
    assert "no such index" in error
    result = EmbeddingResult("a", late.vectors[0], "hash", [1, 0, 0])
    assert list(late.write_vectors([result])) == [("a", None)]  # dropped, as for a product that is gone
    assert "no such index" in next(late.invalidate_vectors(["a"]))[1]
    assert "no such index" in next(late.delete(["a"]))[1]
    assert first.name not in versions(cluster, alias)


def test_changes_for_a_deleted_version_go_to_the_one_behind_the_alias(cluster, alias, active, copies):
    opened = ManagedIndex.open(cluster, alias)
    cut_over(cluster, alias, copies[0])
    cluster.call("DELETE", f"/{active.name}")
    assert apply_changes(opened, [Product(id="x", title="mug")]) == [None]
    assert ids(copies[0]) == ["a", "x"]
    assert resolve_alias(cluster, alias) == copies[0].name


def test_a_deleted_index_is_not_made_again_by_a_change(cluster, alias, active):
    opened = ManagedIndex.open(cluster, alias)
    cluster.call("DELETE", f"/{active.name}")
    with pytest.raises(ClusterError, match="there is no index"):
        apply_changes(opened, [Product(id="x", title="mug")])
    assert versions(cluster, alias) == []


def test_notes_do_not_pass_to_an_index_that_is_made_again_under_the_name(cluster, alias, active, vector, tmp_path):
    copy = create_next_version(cluster, alias, [vector(weights="w2")], tmp_path)
    sync(active, copy)
    cluster.call("DELETE", f"/{copy.name}")
    again = create_next_version(cluster, alias, [vector(weights="w2")], tmp_path)
    assert again.name == copy.name
    assert not synced_from(again, active)


def test_of_two_feature_sets_of_one_name_and_version_one_is_refused(cluster):
    name = f"race-{cluster.call('GET', '/')['cluster_uuid'][:4].lower()}-{id(cluster)}"
    sets = [
        FeatureSet.model_validate(
            {
                "name": name.replace("-", "_"),
                "version": 1,
                "features": [{"name": "title", "kind": "match", "modality": "text", "field": field}],
            }
        )
        for field in ("title.stem", "description.stem")
    ]
    store = FeatureStore(cluster)
    for _ in range(2):  # the second time both are there, or refused
        results = together(*(partial(store.put_feature_set, one) for one in sets))
        (error,) = filter(None, results)
        assert isinstance(error, InputError)
        assert "raise `version`" in str(error)


class _Interrupting(OpenSearchCluster):
    """Another command fails while an index is cloned: it unblocks writes, and a product is written."""

    def call(self, method, path, *args, **options):
        answer = super().call(method, path, *args, **options)
        if "/_clone/" in path:
            source = path.split("/")[1]
            unblock_writes(self, source)
            index = ManagedIndex.open(self, source)
            assert apply_changes(index, [Product(id="b", title="cup")]) == [None]
        return answer


@pytest.mark.usefixtures("active")
def test_synonyms_lose_no_product_that_is_written_after_another_command_unblocked_writes(alias, node_url):
    after = put_synonyms(_Interrupting(node_url), alias, {"line 1": "mug, cup"})
    assert ids(after) == ["a", "b"]


def test_of_synonyms_that_are_put_at_the_same_time_one_succeeds_and_the_others_leave_nothing(active, cluster, alias):
    errors = together(*(partial(put_synonyms, cluster, alias, {"line 1": f"mug, cup{n}"}) for n in range(2)))
    serving = resolve_alias(cluster, alias)
    assert {active.name, serving} == set(versions(cluster, alias)) or not any(
        isinstance(one, Exception) for one in errors
    )
    assert ids(ManagedIndex.open(cluster, alias)) == ["a"]
    assert not writes_blocked(cluster, serving)
