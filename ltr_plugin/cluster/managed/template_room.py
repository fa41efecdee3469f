"""Default filters of declared fields, as many as the search templates of an index have room for."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template

ROOM = 58_000
"""Characters that default filters let a search template have: a cluster takes 65,535, with rules in it."""


def with_room(profile: IndexProfile, optional: Sequence[FilterField]) -> IndexProfile:
    """The profile without what makes its search templates longer than ROOM: the facets of the last of the `optional`
    filters first, then the last of these filters. A filter is in a template for each facet of its own and for each pair
    of vectors."""
    if not optional:
        return profile
    filters = _fitting(profile.model_dump_json(), frozenset(one.name for one in optional))
    return profile.model_copy(update={"filters": filters})


@lru_cache(maxsize=64)
def _fitting(profile_json: str, optional_names: frozenset[str]) -> tuple[FilterField, ...]:
    """The filters of a profile that `with_room` leaves: templates are rendered to see it, and an index is opened for
    each task of a worker and each group of changes."""
    profile = IndexProfile.model_validate_json(profile_json)
    optional = [one for one in profile.filters if one.name in optional_names]
    plain = profile.model_copy(update={"first_pass": FirstPass()})
    room = ROOM - len(profile.first_pass.query or "")

    def fits(filters: tuple[FilterField, ...]) -> bool:
        retrieval = Retrieval(plain.model_copy(update={"filters": filters}))
        return len(search_template(retrieval, BASELINES["first-pass"], rules=True)) <= room

    if fits(profile.filters):
        return profile.filters
    steps = list(_fewer(profile.filters, optional))
    first = bisect_left(steps, True, key=fits)
    return steps[min(first, len(steps) - 1)]


def _fewer(filters: tuple[FilterField, ...], optional: Sequence[FilterField]) -> Iterator[tuple[FilterField, ...]]:
    """The filters, each time with one facet less of the optional ones, and then with one less of these."""
    yield filters
    for last in reversed(optional):
        if last.facet:
            filters = tuple(one.model_copy(update={"facet": None}) if one == last else one for one in filters)
            yield filters
    for last in reversed(optional):
        filters = tuple(one for one in filters if one.name != last.name)
        yield filters
