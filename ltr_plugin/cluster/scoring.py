"""What scores of words depend on beside the documents: the search engine, its similarity, and the shards."""

from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import ClusterError


def similarity_facts(index: Index) -> dict[str, Any]:
    """The `engine`, the `similarity` of words, and `bm25_scale`, by which its scores are greater than those of
    OpenSearch's BM25 (0 for another similarity)."""
    similarity = str(index.settings.get("similarity", {}).get("default", {}).get("type", "BM25"))
    engine = index.cluster.engine
    return {"engine": engine.name, "similarity": similarity, "bm25_scale": engine.bm25_scales.get(similarity, 0.0)}


def scoring_facts(index: Index) -> dict[str, Any]:
    """What `similarity_facts` says, with the engine's `version`, the number of `shards` and the `search_type`."""
    return {
        **similarity_facts(index),
        "version": engine_version(index.cluster),
        "shards": int(index.settings["number_of_shards"]),
        "search_type": index.search_type,
    }


def engine_version(cluster: Cluster) -> str:
    """The version of the cluster's search engine, such as `3.6.0`; empty where the user may not ask for it."""
    try:
        version = cluster.call("GET", "/")["version"]
    except ClusterError as error:
        if error.status != 403:
            raise
        return ""
    if cluster.engine is OPENSEARCH and version.get("distribution") != OPENSEARCH.name:
        reason = (
            "is Elasticsearch, and its answers lack the header X-Elastic-Product: let it pass the proxies in between"
        )
        raise ClusterError(f"{cluster.url} {reason}")
    return str(version["number"])
