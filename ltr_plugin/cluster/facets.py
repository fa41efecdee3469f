"""Facets in a response of the cluster, as `queries.facets` asks for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ltr_plugin.cluster.responses import Json
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.facets import FACETS, WITHOUT_OWN_FILTER


@dataclass(frozen=True)
class Bucket:
    """How many products have a `value`, in the spelling of the index, or one from `low` on and below `high`.

    A bucket of dates has the beginning of its interval as `low`, such as 2026-01-01T00:00:00.000Z, and no `high`.
    """

    count: int
    value: str | float | bool | None = None
    low: str | float | None = None
    high: float | None = None


def read_facets(profile: IndexProfile, aggregations: Mapping[str, Json]) -> dict[str, list[Bucket]]:
    """The buckets of each facet by the name of its field; nothing for a search without facets."""
    if FACETS not in aggregations:
        return {}
    among, again = aggregations[FACETS], aggregations[WITHOUT_OWN_FILTER]["matched"]
    found: dict[str, list[Bucket]] = {}
    for field in profile.filters:
        if field.facet and field.name in among:
            counts = again[field.name]["values"] if field.name in again else among[field.name]
            found[field.name] = [_bucket(field, field.facet, one) for one in counts["buckets"]]
    return found


def what_is_counted(aggregations: Mapping[str, Json]) -> str | None:
    """What facets count, such as the lexical match; None for a search without facets."""
    return str(aggregations[FACETS]["meta"]["counts"]) if FACETS in aggregations else None


def _bucket(field: FilterField, facet: Facet, one: Mapping[str, Json]) -> Bucket:
    count, key = one["doc_count"], one.get("key")
    if facet.ranges:
        return Bucket(count, low=one.get("from"), high=one.get("to"))
    if facet.terms:
        return Bucket(count, bool(key) if field.type == "boolean" else key)
    if isinstance(facet.histogram, float):
        low = float(one["key"])  # the cluster writes Infinity, which a width far below the numbers leads to, as text
        return Bucket(count, low=low, high=low + facet.histogram) if math.isfinite(low) else Bucket(count)
    return Bucket(count, low=one["key_as_string"])
