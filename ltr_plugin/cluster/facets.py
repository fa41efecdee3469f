"""Facets in a response of the cluster, as `queries.facets` asks for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ltr_plugin.cluster.responses import Json
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.facets import FACETS, OBJECTS, PRODUCTS, WITHOUT_OWN_FILTER, nested_name


@dataclass(frozen=True)
class Bucket:
    """How many products have a `value`, in the spelling of the index, or one from `low` on and below `high`.

    Of dates, `low` and `high` are days; one beyond the year 9999 has the `low` that the cluster writes alone.
    """

    count: int
    value: str | float | bool | None = None
    low: str | float | None = None
    high: str | float | None = None

    @property
    def filter(self) -> str | float | bool | dict[str, Any]:
        """What `search` takes under `filters` to find the products of this bucket."""
        return {"min": self.low, "below": self.high} if self.value is None else self.value


def read_facets(profile: IndexProfile, aggregations: Mapping[str, Json]) -> dict[str, list[Bucket]]:
    """The buckets of each facet by the name of its field; nothing for a search without facets."""
    if FACETS not in aggregations:
        return {}
    among, again = aggregations[FACETS], aggregations[WITHOUT_OWN_FILTER]["matched"]
    found: dict[str, list[Bucket]] = {}
    for field in profile.filters:
        nested = profile.nested_of(field.field)
        counted = among.get(nested_name(nested), {}).get(OBJECTS, {}) if nested else among
        if field.facet and field.name in counted:
            counts = counted[field.name]
            if field.name in again:
                counts = again[field.name]["values"]
                counts = counts[OBJECTS]["values"] if nested else counts
            found[field.name] = [_bucket(field, field.facet, one) for one in counts["buckets"]]
    return found


def what_is_counted(aggregations: Mapping[str, Json]) -> str | None:
    """What facets count, such as the lexical match; None for a search without facets."""
    return str(aggregations[FACETS]["meta"]["counts"]) if FACETS in aggregations else None


def _bucket(field: FilterField, facet: Facet, one: Mapping[str, Json]) -> Bucket:
    count, key = one.get(PRODUCTS, one)["doc_count"], one.get("key")
    if facet.ranges:
        return Bucket(count, low=one.get("from"), high=one.get("to"))
    if facet.terms:
        return Bucket(count, bool(key) if field.type == "boolean" else key)
    if isinstance(facet.histogram, float):
        low = float(one["key"])  # the cluster writes Infinity, which a width far below the numbers leads to, as text
        return Bucket(count, low=low, high=low + facet.histogram) if math.isfinite(low) else Bucket(count)
    try:
        first = datetime.fromtimestamp(one["key"] / 1000, UTC).date()
        return Bucket(count, low=first.isoformat(), high=_next(first, str(facet.histogram)).isoformat())
    except (ValueError, OverflowError, OSError):
        return Bucket(count, low=one["key_as_string"])


def _next(first: date, interval: str) -> date:
    """The first day after a calendar interval that begins with this one."""
    if days := {"day": 1, "week": 7}.get(interval):
        return first + timedelta(days=days)
    months = first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[interval]
    return date(first.year + months // 12, months % 12 + 1, 1)
