"""What many shoppers searched for and found: texts that may be suggested to others."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feedback.daily_indices import query_indices
from ltr_plugin.pipelines.feedback.record_events import normalized

MIN_CLIENTS = 20
"""Clients that asked a query before anybody else is shown it: fewer could say who they are."""

MAX_LENGTH = 80
MAX_QUERIES = 5000

_NOT_SUGGESTED = ("@", "://", "www.")
"""Parts of addresses, which are no words of a shop."""


@dataclass(frozen=True)
class FrequentQuery:
    """A text that was searched for, and how many clients searched for it in one month."""

    text: str
    clients: int


def frequent_queries(
    cluster: Cluster, index: str, prefix: str = "", *, clients: int = MIN_CLIENTS, size: int = 1000
) -> list[FrequentQuery]:
    """Texts that begin with `prefix` and that `clients` different clients or more searched for, the most first.

    Only searches that found something count, and only those with the consent of who searched. Clients have other
    pseudonyms in another month, so those of one month are counted. ClusterError as of a search.
    """
    filters = [
        {"term": {"index": index}},
        {"range": {"total": {"gt": 0}}},
        {"exists": {"field": "client_id"}},
        *([{"prefix": {"normalized_query": {"value": start}}}] if (start := normalized(prefix)) else []),
    ]
    months = {
        "date_histogram": {"field": "timestamp", "calendar_interval": "month"},
        "aggs": {"clients": {"cardinality": {"field": "client_id", "precision_threshold": 1000}}},
    }
    terms = {"field": "normalized_query", "size": MAX_QUERIES, "min_doc_count": clients}
    body = {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "aggs": {"queries": {"terms": terms, "aggs": {"months": months}}},
    }
    buckets = query_indices(cluster).search(body).get("aggregations", {}).get("queries", {}).get("buckets", [])
    found = [
        FrequentQuery(bucket["key"], max(month["clients"]["value"] for month in bucket["months"]["buckets"]))
        for bucket in buckets
        if _may_be_suggested(bucket["key"])
    ]
    found = [one for one in found if one.clients >= clients]
    return sorted(found, key=lambda one: (-one.clients, one.text))[:size]


class FrequentByPrefix:
    """Answers by the beginning of a text which frequent queries there are; a shopper types, and waits for nothing."""

    def __init__(self, queries: Sequence[FrequentQuery] = ()) -> None:
        """The queries may come in any order."""
        self._queries = sorted(queries, key=lambda one: one.text)
        self._texts = [one.text for one in self._queries]

    def __call__(self, text: str) -> list[str]:
        """The queries that begin with a text and are not this text, the most frequent first; none for no text."""
        start = normalized(text)
        if not start:
            return []
        low = bisect.bisect_left(self._texts, start)
        high = bisect.bisect_left(self._texts, start + chr(0x10FFFF))
        matching = sorted(self._queries[low:high], key=lambda one: -one.clients)
        return [one.text for one in matching if one.text != start]

    def __len__(self) -> int:
        return len(self._queries)


def _may_be_suggested(text: str) -> bool:
    return 0 < len(text) <= MAX_LENGTH and not any(part in text for part in _NOT_SUGGESTED)
