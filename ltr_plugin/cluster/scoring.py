"""What scores of words depend on beside the documents: the search engine, its similarity, and the shards."""

from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index, get_index
from ltr_plugin.errors import ClusterError


def scoring(index: Index) -> dict[str, Any]:
    """`engine` and its `version`, the `similarity` of words, `bm25_scale`, by which its scores are greater than those
    of OpenSearch's BM25 (0 for another similarity), `shards`, and `search_type`."""
    settings = get_index(index.cluster, index.name)[1]["settings"]["index"]
    similarity = str(settings.get("similarity", {}).get("default", {}).get("type", "BM25"))
    engine = index.cluster.engine
    return {
        "engine": engine.name,
        "version": engine_version(index.cluster),
        "similarity": similarity,
        "bm25_scale": engine.bm25_scales.get(similarity, 0.0),
        "shards": int(settings["number_of_shards"]),
        "search_type": index.search_type,
    }


def engine_version(cluster: Cluster) -> str:
    """The version of the cluster's search engine, such as `3.6.0`; empty where the user may not ask for it."""
    try:
        return str(cluster.call("GET", "/")["version"]["number"])
    except ClusterError as error:
        if error.status != 403:
            raise
        return ""
