"""Searches, one or many at once, and the features that they log."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.responses import Json, error_reason
from ltr_plugin.errors import ClusterError

SEARCHES_PER_REQUEST = 16
"""Searches of one request: enough to keep a node busy, few enough for a small response."""


@dataclass(frozen=True)
class Hit:
    """A product in a result: its score, the returned fields, and logged features by log name and feature name."""

    id: str
    score: float
    source: Mapping[str, Any]
    features: Mapping[str, Mapping[str, float | None]]


def search(cluster: Cluster, index: str, template: Mapping[str, str], params: Mapping[str, Json]) -> list[Hit]:
    """The hits of one search; `template` is `{"source": text}` or `{"id": name}` of a stored one."""
    response = cluster.call("POST", f"/{index}/_search/template", {**template, "params": params})
    return _hits(response)


def msearch_template(
    cluster: Cluster, index: str, searches: Iterable[tuple[Mapping[str, str], Mapping[str, Json]]]
) -> Iterator[list[Hit]]:
    """The hits of many templated searches, in order."""
    bodies = ({**template, "params": params} for template, params in searches)
    return _msearch(cluster, f"/{index}/_msearch/template", bodies)


def msearch(cluster: Cluster, index: str, bodies: Iterable[Mapping[str, Json]]) -> Iterator[list[Hit]]:
    """The hits of many searches given as plain bodies, in order."""
    return _msearch(cluster, f"/{index}/_msearch", bodies)


def _msearch(cluster: Cluster, path: str, bodies: Iterable[Mapping[str, Json]]) -> Iterator[list[Hit]]:
    for group in batched(bodies, SEARCHES_PER_REQUEST):
        lines = "".join("{}\n" + json.dumps(body) + "\n" for body in group)
        for response in cluster.call("POST", path, lines)["responses"]:
            if "error" in response:
                raise ClusterError(
                    f"a search was refused ({response['status']}): {error_reason(response['error'])}",
                    status=response["status"],
                )
            yield _hits(response)


def _hits(response: Json) -> list[Hit]:
    return [
        Hit(hit["_id"], hit["_score"] if hit["_score"] is not None else 0.0, hit.get("_source", {}), _logged(hit))
        for hit in response["hits"]["hits"]
    ]


def _logged(hit: Json) -> dict[str, dict[str, float | None]]:
    logs = hit.get("fields", {}).get("_ltrlog", ())
    return {
        name: {entry["name"]: entry.get("value") for entry in entries} for log in logs for name, entries in log.items()
    }
