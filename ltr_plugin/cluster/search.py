"""Searches, one or many at once, and the features that they log."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from ltr_plugin.batches import batched
from ltr_plugin.cluster.facets import Bucket, read_facets, what_is_counted
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json, error_reason
from ltr_plugin.errors import ClusterError
from ltr_plugin.profile.index_profile import IndexProfile

SEARCHES_PER_REQUEST = 16
"""Searches of one request: enough to keep a node busy, few enough for a small response."""

OnError = Callable[[str, ClusterError], None]
"""Called with the query of a search that the cluster refuses, and the reason."""

Searches = Iterable[tuple[str, Mapping[str, Json]]]
"""The id of a query with its search."""

_WHOLE = {"allow_partial_search_results": False}
"""Makes a search that fails on one shard an error of its own, and not a result with a part of the products."""


@dataclass(frozen=True)
class Hit:
    """A product in a result: its score, the returned fields, logged features by log name and feature name, and by field
    the parts of a text in which the query's words are marked, if that was asked for; and by nested field the objects
    that pass the search's filters by it, such as the red variant in M."""

    id: str
    score: float
    source: Mapping[str, Any]
    features: Mapping[str, Mapping[str, float | None]]
    highlight: Mapping[str, Sequence[str]] = field(default_factory=dict)
    matches: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult(Sequence[Hit]):
    """The hits of a page, a sequence, best first; how many products match, at most 10,000 of which are counted; and
    by the name of a filter its facet, with `counted` saying among what it counts."""

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    counted: str | None = None

    @overload
    def __getitem__(self, position: int) -> Hit: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Hit]: ...
    def __getitem__(self, position: int | slice) -> Hit | Sequence[Hit]:
        """The hit at a position, or those of a slice."""
        return self.hits[position]

    def __len__(self) -> int:
        """The number of hits of this page."""
        return len(self.hits)


def search(index: Index, template: Mapping[str, str], params: Mapping[str, Json]) -> SearchResult:
    """The result of one search; `template` is `{"source": text}` or `{"id": name}` of a stored one."""
    response = index.cluster.call(
        "POST", f"/{index.name}/_search/template", {**template, "params": params}, **index.url_parameters
    )
    counts = response.get("aggregations", {})
    return SearchResult(
        read_hits(index.profile, response),
        response["hits"]["total"]["value"],
        read_facets(index.profile, counts),
        what_is_counted(counts),
    )


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
    header = json.dumps({**_WHOLE, **index.url_parameters})
    for group in batched(searches, SEARCHES_PER_REQUEST):
        lines = "".join(f"{header}\n{json.dumps(body)}\n" for _, body in group)
        responses = index.cluster.call("POST", f"/{index.name}/{call}", lines)["responses"]
        for (query, _), response in zip(group, responses, strict=True):
            if "error" in response:
                reason = f"the search of query {query!r} was refused ({response['status']})"
                error = ClusterError(f"{reason}: {error_reason(response['error'])}", status=response["status"])
                on_error(query, error)
            yield [] if "error" in response else read_hits(index.profile, response)


def multi_search(index: Index, bodies: Sequence[Mapping[str, Json]]) -> list[Json]:
    """The responses to searches given as plain bodies, in order, as the cluster writes them: one call for all.

    ClusterError when the cluster refuses one of them.
    """
    header = json.dumps({**_WHOLE, **index.url_parameters})
    lines = "".join(f"{header}\n{json.dumps(body)}\n" for body in bodies)
    responses: list[Json] = index.cluster.call("POST", f"/{index.name}/_msearch", lines)["responses"]
    for response in responses:
        if "error" in response:
            raise ClusterError(error_reason(response["error"]), status=response["status"])
    return responses


def read_hits(profile: IndexProfile, response: Json) -> list[Hit]:
    """The hits of a response."""
    return [
        Hit(
            profile.product_id(hit),
            hit["_score"] or 0.0,
            hit.get("_source", {}),
            _logged(hit),
            hit.get("highlight", {}),
            {path: [one["_source"] for one in _inner(inner)] for path, inner in hit.get("inner_hits", {}).items()},
        )
        for hit in response["hits"]["hits"]
    ]


def _inner(response: Json) -> list[Json]:
    return list(response["hits"]["hits"])


def _logged(hit: Json) -> dict[str, dict[str, float | None]]:
    logs = hit.get("fields", {}).get("_ltrlog", ())
    return {
        name: {entry["name"]: entry.get("value") for entry in entries} for log in logs for name, entries in log.items()
    }
