"""What scores of words depend on: kept with what learns from them, and the same in logging and serving."""

import uuid
from dataclasses import replace

import pytest
from busy_proxy import busy_proxy

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.cluster.scoring import engine_version, scoring_facts
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.rankers.card import render_readme
from ltr_plugin.rankers.logistic import train_logistic

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def on_three_shards(node_url, shop_files):
    """The shop of `shop_index`, on three shards."""
    cluster = connect(node_url)
    alias = f"scoring-{uuid.uuid4().hex[:8]}"
    written = write_catalog(cluster, shop_files / "catalog.jsonl", alias, (), options=IndexOptions(shards=3))
    yield written.index
    cluster.call("DELETE", f"/{written.index.name}")


@pytest.fixture
def logged(shop_files, set_file, tmp_path):
    """Logs the judged products of an index into a table."""

    def log(index):
        path = tmp_path / f"{index.name}.parquet"
        log_features(index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=0)
        return FeatureTable.read(path)

    return log


def test_an_elasticsearch_behind_a_proxy_that_removes_its_header_is_not_taken_for_opensearch(node_url):
    with busy_proxy(node_url) as proxy:
        proxy.hides_product = True
        hidden = connect(proxy.url)
        if connect(node_url).engine is OPENSEARCH:
            assert engine_version(hidden)
        else:
            with pytest.raises(ClusterError, match="lack the header X-Elastic-Product"):
                engine_version(hidden)


def values(table):
    """The logged value of each feature by query and product."""
    rows = zip(table.queries, table.products, table.values.tolist(), strict=True)
    return {(query, product): row for query, product, row in rows}


def test_words_are_as_rare_on_three_small_shards_as_on_one(shop_index, on_three_shards, logged):
    one, three = logged(shop_index), logged(on_three_shards)
    assert three.provenance.scoring == {
        **one.provenance.scoring,
        "shards": 3,
        "search_type": "dfs_query_then_fetch",
    }
    assert values(three).keys() == values(one).keys()
    for pair, row in values(three).items():
        assert row == pytest.approx(values(one)[pair], rel=1e-6, nan_ok=True)


def test_a_profile_may_state_otherwise(on_three_shards, logged):
    profile = IndexProfile.model_validate({"first_pass": {"search_type": "query_then_fetch"}})
    by_shard = logged(on_three_shards.open(on_three_shards.cluster, on_three_shards.alias, profile=profile))
    in_all = logged(on_three_shards)
    assert by_shard.provenance.scoring["search_type"] == "query_then_fetch"
    assert by_shard.provenance.profile != in_all.provenance.profile
    found = values(by_shard)
    assert any(row != pytest.approx(found[pair], rel=1e-3, nan_ok=True) for pair, row in values(in_all).items())


def trained_elsewhere(ranker, **scored):
    provenance = {**ranker.card.provenance, "scoring": {**ranker.card.provenance["scoring"], **scored}}
    return replace(ranker, card=ranker.card.model_copy(update={"provenance": provenance}))


def test_a_ranker_that_learned_another_scale_of_words_is_refused(shop_index, logged):
    here = scoring_facts(shop_index)
    table = logged(shop_index)
    ranker = train_logistic(table)
    assert f"{shop_index.cluster.engine.title} {here['version']}, BM25, 1 shard" in render_readme(ranker.card)
    assert push(shop_index, ranker).parity.passed
    other = trained_elsewhere(ranker, engine="elasticsearch", bm25_scale=2 * here["bm25_scale"])
    with pytest.raises(InputError, match=r"trained on Elasticsearch with BM25, .* scores words 0.5 times as high"):
        push(shop_index, other)
    with pytest.raises(InputError, match=r"trained on .* with DFR, .* scores words otherwise"):
        push(shop_index, trained_elsewhere(ranker, similarity="DFR", bm25_scale=0))
    assert push(
        shop_index, trained_elsewhere(ranker, similarity="LegacyBM25", bm25_scale=here["bm25_scale"])
    ).parity.passed


def test_a_ranker_without_words_may_come_from_anywhere(shop_index, shop_files, set_file, tmp_path):
    features = set_file([{"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"}])
    path = tmp_path / "price.parquet"
    log_features(shop_index, features, shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=0)
    ranker = trained_elsewhere(train_logistic(FeatureTable.read(path)), engine="elasticsearch", bm25_scale=7.0)
    assert push(shop_index, ranker).parity.passed


def test_the_similarity_is_that_of_the_index(node_url):
    cluster, name = connect(node_url), f"legacy-{uuid.uuid4().hex[:8]}"
    settings = {"index": {"similarity": {"default": {"type": "DFI", "independence_measure": "standardized"}}}}
    cluster.call("PUT", f"/{name}", {"settings": settings, "mappings": {"properties": {"t": {"type": "text"}}}})
    try:
        scored = scoring_facts(cluster.index(name, profile=IndexProfile(text_fields=("t",))))
    finally:
        cluster.call("DELETE", f"/{name}")
    assert (scored["similarity"], scored["bm25_scale"]) == ("DFI", 0.0)
