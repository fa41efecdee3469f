"""Profiles of indices that the cluster keeps: numbered revisions by the name of the index, none of which is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.revisions import Revision, Revisions
from ltr_plugin.cluster.state import PROFILES
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
    latest = _revisions(cluster).latest(index)
    return _decoded(latest) if latest else None


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
    return _decoded(_revisions(cluster).get(index, number, latest.number))


def stored_profile(cluster: Cluster, index: str) -> IndexProfile | None:
    """The profile that is used for an index of this name; None where the cluster keeps none."""
    revision = latest_revision(cluster, index)
    return revision.profile if revision else None


def indices_with_profiles(cluster: Cluster) -> set[str]:
    """The names of the indices that the cluster keeps profiles for."""
    return _revisions(cluster).indices()


def put_profile(cluster: Cluster, index: str, profile: IndexProfile) -> ProfileRevision:
    """Keeps a profile as the next revision, which is used from now on; the latest one, where it is the same."""

    def change(latest: Revision | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        same = latest is not None and _decoded(latest).profile == profile
        return (latest.document if latest and same else profile.model_dump(mode="json")), {}

    return ProfileRevision(index, _revisions(cluster).add(index, change).number, profile)


def _revisions(cluster: Cluster) -> Revisions:
    return Revisions(cluster, PROFILES, "profile")


def _decoded(revision: Revision) -> ProfileRevision:
    source = f"profile of {revision.index}, revision {revision.number}"
    return ProfileRevision(revision.index, revision.number, decode(IndexProfile, revision.document, source=source))
