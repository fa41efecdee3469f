"""Profiles of indices that the cluster keeps: numbered revisions by the name of the index, none of which is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.state import PROFILES, StateIndex
from ltr_plugin.errors import InputError
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.validation import decode


@dataclass(frozen=True)
class ProfileRevision:
    """A profile that the cluster keeps for an index; `number` counts its revisions, and the latest one is used."""

    index: str
    number: int
    profile: IndexProfile


def latest_revision(cluster: Cluster, index: str) -> ProfileRevision | None:
    """The revision that is used for an index of this name; None where there is none."""
    body = {"query": {"term": {"index": index}}, "sort": [{"number": "desc"}], "size": 1}
    return next((_revision(index, found) for found in StateIndex(cluster, PROFILES).search(body)), None)


def read_revision(cluster: Cluster, index: str, number: int | None = None) -> ProfileRevision:
    """A revision that the cluster keeps for an index, without a number the latest; InputError where there is none."""
    latest = latest_revision(cluster, index)
    if latest is None:
        raise InputError(
            f"index {index}",
            f"the cluster keeps no profile for it; write one with `ltr profile init --index {index}`, and keep it with "
            "`ltr profile put`",
        )
    if number is None or number == latest.number:
        return latest
    found = StateIndex(cluster, PROFILES).get(_revision_id(index, number))
    if not found:
        raise InputError(f"index {index}", f"its profile has no revision {number}, but 1 to {latest.number}")
    return _revision(index, found)


def stored_profile(cluster: Cluster, index: str) -> IndexProfile | None:
    """The profile that is used for an index of this name; None where the cluster keeps none."""
    revision = latest_revision(cluster, index)
    return revision.profile if revision else None


def put_profile(cluster: Cluster, index: str, profile: IndexProfile) -> ProfileRevision:
    """Keeps a profile as the next revision, which is used from now on; the latest one, where it is the same."""
    while True:
        latest = latest_revision(cluster, index)
        if latest and latest.profile == profile:
            return latest
        number = latest.number + 1 if latest else 1
        created = datetime.now(UTC).isoformat(timespec="seconds")
        document = {"index": index, "number": number, "created": created, "profile": profile.model_dump(mode="json")}
        if StateIndex(cluster, PROFILES).create(_revision_id(index, number), document):
            return ProfileRevision(index, number, profile)


def _revision(index: str, found: Mapping[str, Any]) -> ProfileRevision:
    source = f"profile of {index}, revision {found['number']}"
    return ProfileRevision(index, found["number"], decode(IndexProfile, found["profile"], source=source))


def _revision_id(index: str, number: int) -> str:
    return f"{index}.r{number}"
