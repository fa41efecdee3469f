"""Searches, one or many at once, and the features that they log."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.profile import IndexProfile
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json, error_reason
from ltr_plugin.errors import ClusterError

SEARCHES_PER_REQUEST = 16
"""Searches of one request: enough to keep a node busy, few enough for a small response."""

OnError = Callable[[str, ClusterError], None]
"""Called with the query of a search that the cluster refuses, and the reason."""

Searches = Iterable[tuple[str, Mapping[str, Json]]]
"""The id of a query with its search."""

_HEADER = '{"allow_partial_search_results":false}\n'
"""Makes a search that fails on one shard an error of its own, and not a result with a part of the products."""


@dataclass(frozen=True)
class Hit:
    """A product in a result: its score, the returned fields, and logged features by log name and feature name."""

    id: str
    score: float
    source: Mapping[str, Any]
    features: Mapping[str, Mapping[str, float | None]]


def search(index: Index, template: Mapping[str, str], params: Mapping[str, Json]) -> list[Hit]:
    """The hits of one search; `template` is `{"source": text}` or `{"id": name}` of a stored one."""
    response = index.cluster.call("POST", f"/{index.name}/_search/template", {**template, "params": params})
    return _hits(index.profile, response)


def raise_error(_: str, error: ClusterError) -> None:
    """An `OnError` that ends all searches with the error, which names the query."""
    raise error


def msearch_template(
    index: Index, template: Mapping[str, str], searches: Searches, *, on_error: OnError = raise_error
) -> Iterator[list[Hit]]:
    """The hits of many searches with one template, given by their parameters, in order; none where one is refused."""
    bodies = ((query, {**template, "params": params}) for query, params in searches)
    return _msearch(index, "_msearch/template", bodies, on_error)


def msearch(index: Index, searches: Searches, *, on_error: OnError = raise_error) -> Iterator[list[Hit]]:
    """The hits of many searches given as plain bodies, in order; none where one is refused."""
    return _msearch(index, "_msearch", searches, on_error)


def _msearch(index: Index, call: str, searches: Searches, on_error: OnError) -> Iterator[list[Hit]]:
    for group in batched(searches, SEARCHES_PER_REQUEST):
        lines = "".join(f"{_HEADER}{json.dumps(body)}\n" for _, body in group)
        responses = index.cluster.call("POST", f"/{index.name}/{call}", lines)["responses"]
        for (query, _), response in zip(group, responses, strict=True):
            if "error" in response:
                reason = f"the search of query {query!r} was refused ({response['status']})"
                error = ClusterError(f"{reason}: {error_reason(response['error'])}", status=response["status"])
                on_error(query, error)
            yield [] if "error" in response else _hits(index.profile, response)


def _hits(profile: IndexProfile, response: Json) -> list[Hit]:
    return [
        Hit(profile.product_id(hit), hit["_score"] or 0.0, hit.get("_source", {}), _logged(hit))
        for hit in response["hits"]["hits"]
    ]


def _logged(hit: Json) -> dict[str, dict[str, float | None]]:
    logs = hit.get("fields", {}).get("_ltrlog", ())
    return {
        name: {entry["name"]: entry.get("value") for entry in entries} for log in logs for name, entries in log.items()
    }
