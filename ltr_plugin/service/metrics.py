"""Metrics of the service for Prometheus (https://prometheus.io/docs/practices/naming/)."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("ltr_service_requests", "Requests by route and status.", ["route", "status"])
REQUEST_SECONDS = Histogram("ltr_service_request_seconds", "Seconds that a request took.", ["route"], buckets=_SECONDS)
SEARCH_SECONDS = Histogram(
    "ltr_service_search_seconds", "Seconds of the search in the cluster.", ["ranker"], buckets=_SECONDS
)
ENCODE_SECONDS = Histogram("ltr_service_encode_seconds", "Seconds of a batch.", ["source"], buckets=_SECONDS)
BATCH_ITEMS = Histogram("ltr_service_batch_items", "Items of a batch.", ["source"], buckets=(1, 2, 4, 8, 16, 32))
DEGRADED = Counter("ltr_service_degraded", "Inputs of queries that were left out, by reason.", ["source", "reason"])
LIMITED = Counter("ltr_service_limited", "Requests that were refused by a limit.", ["limit"])
EVENTS = Counter("ltr_service_events", "Events by outcome: stored, counted (without consent), or refused.", ["outcome"])
SEARCHES_LOGGED = Counter(
    "ltr_service_searches_logged", "Searches by what became of their record: written, refused or dropped.", ["outcome"]
)
