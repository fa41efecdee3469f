"""Commands of several people on one index and one search template at the same time, on a live cluster."""

import json
import uuid
from functools import partial

import pytest
from together import together

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import versions
from ltr_plugin.cluster.releases import current_releases
from ltr_plugin.errors import InputError, ParityError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines import serving
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import ensure_index, write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote, rollback
from ltr_plugin.queries.templates import BASELINES
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.ranker import model_name
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


@pytest.fixture
def alias(cluster):
    name = f"races-{uuid.uuid4().hex[:8]}"
    yield name
    cluster.call("DELETE", f"/{name}-v*")


@pytest.fixture
def template(cluster):
    name = f"race-{uuid.uuid4().hex[:8]}"
    yield name
    cluster.call("DELETE", f"/_scripts/{name}")


@pytest.fixture
def catalog(tmp_path):
    """Writes a catalog of these ids to a file of this name."""

    def write(name, *ids):
        path = tmp_path / name
        path.write_text("".join(json.dumps({"id": id_, "title": f"mug of {name}"}) + "\n" for id_ in ids))
        return path

    return write


@pytest.fixture
def shop(cluster, alias, catalog, node_url, tmp_path):
    """An index of three products without vectors."""
    write_catalog(cluster, catalog("first.jsonl", "a", "b", "c"), alias, ())
    return CatalogClient(alias, settings=Settings(opensearch_url=node_url, runs=tmp_path / "runs"), cluster=cluster)


def titles(cluster, alias):
    index = ManagedIndex.open(cluster, alias)
    index.refresh()
    return {one.product.id: one.product.title for one in index.fetch(list(index.ids()))}


def on(cluster, alias):
    return list(cluster.call("GET", f"/_alias/{alias}"))


def test_of_several_that_create_an_index_all_get_the_same(cluster, alias, tmp_path):
    made = together(*(partial(ensure_index, cluster, alias, (), tmp_path) for _ in range(4)))
    assert {one.name for one in made} == set(on(cluster, alias))
    assert len(on(cluster, alias)) == 1


@pytest.mark.usefixtures("shop")
def test_two_catalogs_that_replace_an_index_are_not_mixed(cluster, alias, catalog, node_url, tmp_path):
    settings = Settings(opensearch_url=node_url, runs=tmp_path / "runs")

    def replace(path):
        done = write_catalog(cluster, path, alias, (), replace=True)
        embed_backlog(settings, done.index, done.pending_alias)

    wanted = {
        name: dict.fromkeys(ids, f"mug of {name}") for name, ids in {"one.jsonl": "abd", "two.jsonl": "bce"}.items()
    }
    paths = [catalog(name, *content) for name, content in wanted.items()]
    for _ in range(3):
        results = together(*(partial(replace, path) for path in paths))
        assert all(one is None or one.status == 409 for one in results), results
        assert None in results
        assert len(on(cluster, alias)) == 1
        assert titles(cluster, alias) in wanted.values()
    assert len(versions(cluster, alias)) <= 5  # two for each file at most, which are used again


def test_prune_leaves_what_arrives_meanwhile(cluster, alias, catalog, shop):
    def arrive(_done, _total):
        shop.put([{"id": "new", "title": "cup"}])
        shop.update([{"id": "b", "price": 3}])

    done = write_catalog(cluster, catalog("second.jsonl", "a"), alias, (), prune=True, progress=arrive)
    assert done.pruned == 1
    assert sorted(titles(cluster, alias)) == ["a", "b", "new"]


def test_a_catalog_file_that_is_older_than_the_products_is_skipped_and_counted(cluster, alias, tmp_path, shop):
    shop.put([{"id": "a", "title": "new", "changed": 2}])
    path = tmp_path / "old.jsonl"
    path.write_text('{"id": "a", "title": "old", "changed": 1}\n{"id": "z", "title": "z", "changed": 1}\n')
    done = write_catalog(cluster, path, alias, ())
    assert (done.written, done.stale, done.refused) == (1, 1, [])
    assert titles(cluster, alias)["a"] == "new"


def test_releases_that_are_promoted_at_the_same_time_have_numbers_of_their_own(shop_index, template):
    results = together(*(partial(promote, shop_index, BASELINES["bm25"], template) for _ in range(10)))
    assert sorted(one.number for one in results) == list(range(1, 11))
    (current,) = [one for one in current_releases(shop_index.cluster) if one.template == template]
    assert current.number in range(1, 11)
    assert rollback(shop_index.cluster, template, 7).metadata["release"] == 7
    assert promote(shop_index, BASELINES["bm25"], template).number == 11


@pytest.mark.usefixtures("shop")
def test_a_template_belongs_to_one_index(shop_index, cluster, alias, template):
    other = ManagedIndex.open(cluster, alias)
    assert promote(shop_index, "bm25", template).number == 1
    with pytest.raises(InputError, match=rf"ranks index {shop_index.alias}.*--force makes it rank {alias}"):
        promote(other, "bm25", template)
    assert promote(other, "bm25", template, force=True).number == 2
    with pytest.raises(InputError, match=f"ranks index {alias}"):
        promote(shop_index, "bm25", template)
    assert rollback(cluster, template).metadata["index"] == shop_index.alias
    assert promote(shop_index, "bm25", template).number == 3


@pytest.mark.usefixtures("shop")
def test_of_two_indices_that_take_a_new_template_one_succeeds(shop_index, cluster, alias, template, monkeypatch):
    """The critical point: the template is not written yet, its first release is."""
    other, real = ManagedIndex.open(cluster, alias), serving.write_template

    def overtaken(*args):
        monkeypatch.setattr(serving, "write_template", real)
        with pytest.raises(InputError, match=f"ranks index {shop_index.alias}"):
            promote(other, "bm25", template)
        real(*args)

    monkeypatch.setattr(serving, "write_template", overtaken)
    assert promote(shop_index, "bm25", template).number == 1


def test_a_template_of_somebody_else_is_not_replaced_unless_told_to(shop_index, cluster, template):
    script = {"lang": "mustache", "source": '{"query": {"match_all": {}}}'}
    cluster.call("PUT", f"/_scripts/{template}", {"script": script})
    with pytest.raises(InputError, match="was not made by `ltr ranker promote`"):
        promote(shop_index, "bm25", template)
    assert promote(shop_index, "bm25", template, force=True).number == 1


def test_a_ranker_cannot_be_promoted_before_it_is_proved(shop_index, shop_files, set_file, tmp_path, template):
    path = tmp_path / "table.parquet"
    log_features(shop_index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    promote(shop_index, "bm25", template)

    class Wrong:
        def __getattr__(self, name):
            return getattr(ranker, name)

        def predict(self, values):  # while the cluster's scores are compared
            with pytest.raises(InputError, match="the cluster has no ranker"):
                promote(shop_index, model_name(ranker), template)
            return ranker.predict(values) * 1.001

    ranker = train_linear(FeatureTable.read(path))
    with pytest.raises(ParityError, match="withdrawn"):
        push(shop_index, Wrong(), shop_files / "queries.jsonl")
    assert FeatureStore(shop_index.cluster).model_names(ranker.feature_set.id) == []
    body = {"id": template, "params": {"text": "red", "has_text": True}}
    assert shop_index.cluster.call("POST", f"/{shop_index.alias}/_search/template", body)["hits"]["hits"]


def test_a_release_whose_model_was_deleted_is_not_put_back(shop_index, shop_files, set_file, tmp_path, template):
    path = tmp_path / "table.parquet"
    log_features(shop_index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    ranker = train_linear(FeatureTable.read(path))
    promote(shop_index, push(shop_index, ranker, shop_files / "queries.jsonl").model, template)
    promote(shop_index, "bm25", template)
    FeatureStore(shop_index.cluster).delete_model(model_name(ranker))
    with pytest.raises(InputError, match="the cluster has no ranker"):
        rollback(shop_index.cluster, template)


def test_pushes_of_one_ranker_at_the_same_time_all_succeed(shop_index, shop_files, set_file, tmp_path):
    path = tmp_path / "table.parquet"
    log_features(shop_index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    ranker = train_linear(FeatureTable.read(path))
    pushed = together(*(partial(push, shop_index, ranker, shop_files / "queries.jsonl") for _ in range(3)))
    assert {one.model for one in pushed} == {model_name(ranker)}
    assert FeatureStore(shop_index.cluster).model_names(ranker.feature_set.id) == [model_name(ranker)]
