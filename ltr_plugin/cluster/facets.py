"""Facets in a response of the cluster, as `queries.facets` asks for them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ltr_plugin.cluster.responses import Json
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.facets import EXCLUDED, FACETS, PRODUCTS, nested_name


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
    found: dict[str, list[Bucket]] = {}
    for field in profile.filters:
        if facet := field.facet:
            buckets = [one for each in _lists(profile, field, aggregations) for one in each]
            if facet.histogram:
                buckets.sort(key=lambda one: float(one["key"]))
            counted = _added(_bucket(field, facet, one) for one in buckets)
            if facet.terms:
                counted = sorted(counted, key=lambda one: (-one.count, one.value))[: facet.terms]
            found[field.name] = counted
    return found


def _lists(profile: IndexProfile, field: FilterField, aggregations: Mapping[str, Json]) -> Iterator[list[Json]]:
    """The buckets of a facet in the search's match, and in what only the filter by its field excludes."""
    nested = profile.nested_of(field.field)
    name = nested_name(nested) if nested else field.name
    excluded = aggregations[EXCLUDED].get("matched", {}).get(name, {}).get("values")
    for values in (aggregations[FACETS].get(name), excluded):
        own = values.get(field.name, {}).get("values") if values and nested else values
        yield own["buckets"] if own else []


def _added(buckets: Iterable[Bucket]) -> list[Bucket]:
    """The buckets with the counts of equal ones added."""
    found: dict[tuple[object, ...], Bucket] = {}
    for one in buckets:
        key = (one.value, one.low, one.high)
        found[key] = replace(one, count=one.count + found[key].count) if key in found else one
    return list(found.values())


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
