"""Vector fields of k-NN's default engine on the development node, which has no native library for them."""

import uuid

import pytest

from ltr_plugin.errors import ClusterError

pytestmark = pytest.mark.live

FIELD = {"type": "knn_vector", "dimension": 4, "space_type": "cosinesimil"}


@pytest.fixture
def make(cluster):
    """Makes an index with a field `v` of these options."""
    name = f"vectors-{uuid.uuid4().hex[:8]}"

    def create(**options):
        mapping = {"properties": {"v": {**FIELD, **options}, "colour": {"type": "keyword"}}}
        settings = {"index": {"knn": True, "number_of_shards": 1}}
        cluster.call("PUT", f"/{name}", {"settings": settings, "mappings": mapping})
        return name

    yield create
    cluster.call("DELETE", f"/{name}", ignore_unavailable=True)


@pytest.mark.parametrize(
    "options",
    [{}, {"method": {"name": "hnsw", "engine": "faiss"}}, {"method": {"name": "hnsw", "engine": "lucene"}}],
    ids=["default", "faiss", "lucene"],
)
def test_a_field_is_searched_by_each_engine_before_and_after_a_merge(cluster, make, options):
    name = make(**options)
    for number, vector in enumerate(([1, 0, 0, 0], [0.9, 0.1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])):
        colour = "red" if number % 2 else "blue"
        cluster.call("PUT", f"/{name}/_doc/{number}", {"v": vector, "colour": colour}, refresh=True)

    def found(**options):
        body = {"query": {"knn": {"v": {"vector": [1, 0, 0, 0], "k": 2, **options}}}, "size": 2}
        return [hit["_id"] for hit in cluster.call("POST", f"/{name}/_search", body)["hits"]["hits"]]

    for _ in range(2):
        assert found() == ["0", "1"]
        assert found(filter={"term": {"colour": "red"}})[0] == "1"
        cluster.call("POST", f"/{name}/_forcemerge", max_num_segments=1)
    params = {"field": "v", "query_value": [1, 0, 0, 0], "space_type": "cosinesimil"}
    script = {"source": "knn_score", "lang": "knn", "params": params}
    body = {"query": {"script_score": {"query": {"match_all": {}}, "script": script}}}
    assert cluster.call("POST", f"/{name}/_search", body)["hits"]["hits"][0]["_score"] == 1


def test_quantized_vectors_are_refused_and_the_node_lives(cluster, make):
    for options in ({"mode": "on_disk"}, {"compression_level": "16x"}):
        with pytest.raises(ClusterError, match="no native library of k-NN") as raised:
            make(**options)
        assert raised.value.status == 400
    name = make()
    with pytest.raises(ClusterError, match="no native library of k-NN"):
        cluster.call("PUT", f"/{name}/_mapping", {"properties": {"w": {**FIELD, "mode": "on_disk"}}})
    cluster.call("PUT", f"/{name}/_mapping", {"properties": {"w": FIELD}})
    assert cluster.call("GET", "/")["cluster_name"]
