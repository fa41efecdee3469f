"""The calls that commands make are allowed to the users of our roles, on both engines."""

import pytest
from secured_shop import SHOP

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.releases import ReleaseHistory, current_releases, read_template, write_template
from ltr_plugin.cluster.state import DELETIONS, EMBEDDING, PROFILES, RANKERS, RELEASES, RULES, VERSIONS, StateIndex
from ltr_plugin.errors import ClusterError
from ltr_plugin.features.feature_set import FeatureSet

pytestmark = [pytest.mark.live, pytest.mark.slow]

WORDS = {"name": "words_of", "kind": "match", "modality": "text", "field": "title"}
TEMPLATE = '{"query": {"match_all": {}}}'
VERSION = f"{SHOP}-v1"


def read_index(cluster):
    """Opens the index, and searches it page by page."""
    cluster.call("GET", f"/{SHOP}")
    assert cluster.call("GET", f"/{SHOP}/_count")["count"]
    page = cluster.call("POST", f"/{SHOP}/_search", {"size": 1}, scroll="1m")
    page = cluster.call("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    cluster.call("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
    assert cluster.call("POST", f"/{SHOP}/_mget", {"ids": ["p1"]})["docs"][0]["found"]


def write_state(cluster, *names):
    """Writes to hidden indices as commands do, which make them."""
    for name in names:
        state = StateIndex(cluster, name)
        state.put("rights", {"index": "rights"})
        state.merge("rights", number=1)
        assert [error for _, error in state.bulk([{"_op_type": "index", "_id": "more", "_source": {}}])] == [None]
        assert state.get("rights")["number"] == 1
        state.search({"query": {"term": {"index": "rights"}}})


def test_the_search_team(node):
    cluster = node.cluster("search_team")
    read_index(cluster)
    write_state(cluster, PROFILES, RANKERS, RELEASES, RULES)
    cluster.call("GET", "/")
    assert cluster.engine.clause_limit(cluster.call("GET", cluster.engine.clause_limit_path)) >= 1024
    features = FeatureSet.model_validate({"name": "rights", "version": 1, "features": [WORDS]})
    FeatureStore(cluster).put_feature_set(features, SHOP)
    linear = {"type": "model/linear", "definition": {"words_of": 1.0}}
    FeatureStore(cluster).put_model("rights", features, linear)
    assert "rights" in FeatureStore(cluster).model_names()
    ranked = {"query": {"sltr": {"model": "rights", "params": {"text": "red"}}}}
    assert cluster.call("POST", f"/{SHOP}/_search", ranked)["hits"]["hits"]
    assert node.cluster("storefront").call("POST", f"/{SHOP}/_search", ranked)["hits"]["hits"]
    FeatureStore(cluster).delete_model("rights")
    lines = '{}\n{"source": {"query": {"match_all": {}}}}\n'
    (answer,) = cluster.call("POST", f"/{SHOP}/_msearch/template", lines)["responses"]
    assert answer["hits"]["hits"]


@pytest.mark.parametrize("user", ["search_team", "merchandiser"])
def test_who_serves_templates(node, user):
    cluster = node.cluster(user)
    cluster.call("GET", f"/{SHOP}")
    write_state(cluster, RELEASES, RULES)
    ReleaseHistory(cluster, "rights").latest()
    write_template(cluster, "rights", TEMPLATE)
    assert read_template(cluster, "rights") == TEMPLATE
    current_releases(cluster)
    assert cluster.call("POST", f"/{SHOP}/_search/template", {"id": "rights"})["hits"]["hits"]


def test_catalog_users(node):
    manager, worker = node.cluster("catalog_manager"), node.cluster("catalog_worker")
    read_index(worker)
    write_state(worker, DELETIONS, EMBEDDING, VERSIONS)
    StateIndex(node.cluster(), PROFILES).put("rights", {})
    StateIndex(worker, PROFILES).get("rights")
    body = {"aliases": {f"{VERSION}-writes": {"is_hidden": True}}, "mappings": {"properties": {"n": {"type": "long"}}}}
    manager.call("PUT", f"/{VERSION}", body)
    try:
        action = {"_index": f"{VERSION}-writes", "_op_type": "index", "_id": "1", "_source": {"n": 1}}
        assert [error for _, error in worker.bulk([action])] == [None]
        worker.call("POST", f"/{VERSION}/_refresh")
        worker.call("GET", f"/{VERSION}/_stats/docs", level="shards")
        worker.call("GET", f"/{VERSION}/_settings")
        worker.call("GET", f"/{SHOP}-v*/_settings/index.uuid")
        worker.call("GET", f"/{VERSION}/_mapping")
        for refused in (
            ("PUT", f"/{SHOP}-v2", {}),
            ("DELETE", f"/{VERSION}", None),
            ("PUT", f"/{VERSION}/_block/write", None),
        ):
            with pytest.raises(ClusterError, match=r"\(403\)"):
                worker.call(*refused)
        manager.call("PUT", f"/{VERSION}/_mapping", {"properties": {"more": {"type": "long"}}})
        manager.call("PUT", f"/{VERSION}/_block/write")
        manager.call("PUT", f"/{VERSION}/_clone/{SHOP}-v2")
        manager.call("PUT", f"/{VERSION}/_settings", {"index.blocks.write": None})
        add = {"add": {"index": VERSION, "alias": f"{SHOP}-view", "is_write_index": True}}
        manager.call("POST", "/_aliases", {"actions": [add, {"remove_index": {"index": f"{SHOP}-v2"}}]})
    finally:
        manager.call("DELETE", f"/{VERSION}")
