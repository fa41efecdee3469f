"""What two profiles have otherwise, in lines for a person."""

from collections.abc import Iterator, Mapping
from typing import Any

from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.validation import MAX_QUOTED


def profile_differences(ours: IndexProfile, theirs: IndexProfile) -> list[str]:
    """The keys in which two profiles differ, a line for each with its value in the one and in the other."""
    one, other = map(_entries, (ours, theirs))
    keys = dict.fromkeys([*one, *other])
    return [
        f"{key}: {_cut(one.get(key, 'none'))}, not {_cut(other.get(key, 'none'))}"
        for key in keys
        if one.get(key) != other.get(key)
    ]


def ranking_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two results of `IndexProfile.ranking` have otherwise, a phrase for each key; empty where they are equal."""
    one, other = (dict(_leaves(value, "$")) for value in (then, now))
    keys = dict.fromkeys([*one, *other])
    return [
        f"{key} was {one.get(key, 'not set')} and is {other.get(key, 'not set')}"
        for key in keys
        if one.get(key) != other.get(key)
    ]


def _entries(profile: IndexProfile) -> dict[str, str]:
    """The values of a profile by their `$.path`, a vector field by its name with its encoder."""
    plain = profile.model_dump(mode="json", exclude={"vectors"}, exclude_none=True)
    vectors = {
        f"$.vectors.{one.name}": f"{one.content} by {one.encoder} ({one.fingerprint.digest})" for one in profile.vectors
    }
    return dict(_leaves(plain, "$")) | vectors


def _cut(value: str) -> str:
    return value if len(value) <= MAX_QUOTED else f"{value[:MAX_QUOTED]}..."


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """The values below a JSON value by their `$.path`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{position}]")
    else:
        yield path, repr(value)
