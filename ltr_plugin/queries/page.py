"""What a result page asks of a search: filters, facets, order, marked words and the part of the hits that is shown."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.profile.filter_fields import RANGE_ENDS, FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.unicode import nfc
from ltr_plugin.validation import shorten

MAX_RESULTS = 10_000
"""Hits that pages reach, an index's `max_result_window`."""

ORDERS = ("asc", "desc")


@dataclass(frozen=True)
class Page:
    """The page that a search returns: `size` hits from the position `start` on.

    `filters` has by the name of a profile's filter a value or a list of values, of which a product needs one, for
    keywords and booleans, and `(min, max)`, both inclusive and either of which may be None, for numbers and dates; or
    what the `filter` of a facet's bucket is. `sort` is the name of a number or date, with `:desc` behind it for the
    greatest first. `pick` has by the key of a nested field the object that filters, facets, order and features are
    about, such as `{"store": "berlin"}`; without it any counts.
    """

    size: int = 10
    start: int = 0
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str | None = None
    facets: bool = False
    highlight: bool = False
    pick: Mapping[str, str] = field(default_factory=dict)

    def parameters(self, profile: IndexProfile) -> dict[str, Any]:
        """The search parameters; InputError lists all that is wrong, such as a filter that the profile lacks."""
        problems: list[Problem] = []
        params: dict[str, Any] = {"size": self.size, "from": self.start}
        if not (self.size >= 0 and self.start >= 0 and self.start + self.size <= MAX_RESULTS):
            message = f"{self.size} from {self.start} is outside of the first {MAX_RESULTS:,} hits, which pages reach"
            problems.append(Problem("page", message))
        filters, wrong = filter_parameters(profile, self.filters, "filters")
        params |= filters
        problems += wrong
        if self.sort is not None:
            name, _, order = self.sort.partition(":")
            sortable = {one.name: one for one in profile.filters if one.ordered}
            if name not in sortable:
                problems.append(
                    Problem("sort", f"{shorten(name)} is no number or date of the profile; {_names(sortable)}")
                )
            elif (order or "asc") not in ORDERS:
                problems.append(Problem("sort", f"{shorten(order)} is no order; write {name}:asc or {name}:desc"))
            else:
                params[sortable[name].sort_parameter] = order or "asc"
        keys = profile.pick_keys
        for name, value in self.pick.items():
            if name not in keys:
                problems.append(Problem(f"pick.{name}", f"the profile's `nested` has no such key; {_names(keys)}"))
            elif not isinstance(value, str) or not value:
                problems.append(Problem(f"pick.{name}", f"{shorten(value)} is no text"))
            else:
                params[name] = value
        if self.facets and not any(one.facet for one in profile.filters):
            problems.append(Problem("facets", "the profile has no filter with a facet; add one (`filters`)"))
        if problems:
            raise InputError("search", problems)
        flags = {"facets": self.facets, "highlight": self.highlight}
        return params | {name: True for name, value in flags.items() if value}


def filter_parameters(
    profile: IndexProfile, filters: Mapping[str, Any], place: str
) -> tuple[dict[str, Any], list[Problem]]:
    """The search parameters of filters, which are given as a `Page` has them, and all that is wrong with them, below
    `place`: a filter that the profile lacks, or a value of another type."""
    params: dict[str, Any] = {}
    problems: list[Problem] = []
    known = {one.name: one for one in profile.filters}
    for name, value in filters.items():
        if name not in known:
            problems.append(Problem(f"{place}.{name}", f"the profile has no such filter; {_names(known)}"))
            continue
        try:
            params |= _filter_parameters(known[name], value)
        except ValueError as error:
            problems.append(Problem(f"{place}.{name}", str(error)))
    return params, problems


def _names(known: Iterable[str]) -> str:
    names = ", ".join(known)
    return f"it has {names}" if names else "it has none"


def _filter_parameters(declared: FilterField, value: Any) -> dict[str, Any]:  # noqa: ANN401 - what a caller gives
    """The search parameters of a filter; ValueError for a value of another type."""
    if declared.ordered:
        return {f"filter_{declared.name}_{end}": bound for end, bound in _bounds(declared, value).items()}
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not values:
        raise ValueError("an empty list matches no product; leave the filter out, or give a value")
    kind = bool if declared.type == "boolean" else (str, int, float)
    for one in values:
        if not isinstance(one, kind) or (declared.type != "boolean" and not (isinstance(one, str) or _is_number(one))):
            wanted = "true or false" if declared.type == "boolean" else "text or a number"
            raise ValueError(f"{shorten(one)} is not {wanted}")
    return {declared.parameters[0]: [nfc(one) if isinstance(one, str) else one for one in values]}


def _bounds(declared: FilterField, value: Any) -> dict[str, str | float]:  # noqa: ANN401 - what a caller gives
    """The ends of a range by their names in RANGE_ENDS."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        value = dict(zip(RANGE_ENDS, value, strict=False))
    if not isinstance(value, Mapping) or value.keys() - RANGE_ENDS:
        raise ValueError(f"{shorten(value)} is no range; give (min, max), either of which may be None")
    bounds = {end: _bound(declared, bound) for end, bound in value.items() if bound is not None}
    if not bounds:
        raise ValueError("a range needs a min, a max, or both")
    low, high = bounds.get("min"), bounds.get("max", bounds.get("below"))
    if low is not None and high is not None and _beginning(low) > _end(high):
        raise ValueError(f"min, {_sent(low)}, is above max, {_sent(high)}")
    return {end: _sent(bound) for end, bound in bounds.items()}


def _bound(declared: FilterField, value: Any) -> date | float:  # noqa: ANN401 - what a caller gives
    if declared.type == "number":
        if not _is_number(value):
            raise ValueError(f"{shorten(value)} is no number")
        return value  # type: ignore[no-any-return] # a number
    if isinstance(value, date):
        return value
    for read in (date.fromisoformat, datetime.fromisoformat):
        with suppress(ValueError):
            return read(str(value))
    raise ValueError(f"{shorten(value)} is no date, such as 2026-05-01 or 2026-05-01T12:00:00Z")


def _is_number(value: object) -> bool:
    """Whether it is a number that a template can have; that is no infinite one, and none that no float reaches."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _beginning(bound: date | float, of_day: time = time.min) -> Any:  # noqa: ANN401 - what compares with its like
    """When a date or time begins, which is in UTC unless it says otherwise; of a number the number."""
    if isinstance(bound, datetime):
        return bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    return datetime.combine(bound, of_day, UTC) if isinstance(bound, date) else bound


def _end(bound: date | float) -> Any:  # noqa: ANN401 - what compares with its like
    """When a date or time is over: a date with the whole of its day."""
    return _beginning(bound, time.max)


def _sent(bound: date | float) -> str | float:
    return bound.isoformat() if isinstance(bound, date) else bound
