"""Rules of indices that the cluster keeps: numbered revisions by the name of the index, with author and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.revisions import Revision, Revisions
from ltr_plugin.cluster.state import RULES
from ltr_plugin.errors import ConflictError, InputError
from ltr_plugin.queries.rules import Rules
from ltr_plugin.validation import decode


@dataclass(frozen=True)
class RulesRevision:
    """The rules of an index as `author` put them at `created`; the revision with the greatest number is used.

    `restores` is the revision whose rules an undo put back, 0 where there were none before; else it is None.
    """

    index: str
    number: int
    rules: Rules
    author: str
    created: str
    restores: int | None = None


def latest_rules(cluster: Cluster, index: str) -> RulesRevision | None:
    """The rules that are used for an index of this name; None where the cluster keeps none."""
    latest = _revisions(cluster).latest(index)
    return _decoded(latest) if latest else None


def read_rules(cluster: Cluster, index: str, number: int | None = None) -> RulesRevision:
    """A revision of an index's rules, without a number the latest; InputError where there is none."""
    latest = latest_rules(cluster, index)
    if latest is None:
        raise InputError(f"index {index}", "the cluster keeps no rules for it; keep some with `ltr rules put`")
    if number is None or number == latest.number:
        return latest
    return _decoded(_revisions(cluster).get(index, number, latest.number))


def all_revisions(cluster: Cluster, index: str) -> list[RulesRevision]:
    """The revisions of an index's rules, the latest first."""
    return [_decoded(revision) for revision in _revisions(cluster).list(index)]


def add_rules(
    cluster: Cluster, index: str, rules: Rules, *, author: str, after: int | None = None
) -> tuple[RulesRevision | None, RulesRevision]:
    """Keeps rules as the next revision, unless they are those of the latest; returns what was the latest and is now.

    ConflictError where the latest is not revision `after`, if that is given: somebody else put rules meanwhile.
    """
    before: list[Revision | None] = []

    def change(latest: Revision | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        before[:] = [latest]
        if after is not None and after != (latest.number if latest else 0):
            now = f"revision {latest.number} by {latest.facts.get('author')}" if latest else "none"
            raise ConflictError(f"rules of {index}", f"the latest is not revision {after}, but {now}; start from that")
        same = latest is not None and _decoded(latest).rules == rules
        return (latest.document if latest and same else _document(rules)), {"author": author}

    revision = _decoded(_revisions(cluster).add(index, change))
    return (_decoded(before[0]) if before[0] else None), revision


def undo_latest(cluster: Cluster, index: str, *, author: str) -> tuple[RulesRevision, RulesRevision]:
    """Puts the rules before those of the latest revision back, as a new revision; returns what was and what is.

    After an undo, the latest rules are those of an earlier revision, so the next undo goes back from that one: n undos
    go n revisions back, and before the first there are no rules. InputError where there is nothing to undo.
    """
    revisions = _revisions(cluster)
    before: list[Revision] = []

    def change(latest: Revision | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        origin = _origin(latest) if latest else 0
        if latest is None or origin == 0:
            raise InputError(f"rules of {index}", "there is nothing to undo: there are no rules before these")
        before[:] = [latest]
        if origin == 1:
            return _document(Rules()), {"author": author, "restores": 0}
        earlier = revisions.get(index, origin - 1, latest.number)
        return earlier.document, {"author": author, "restores": _origin(earlier)}

    revision = _decoded(revisions.add(index, change))
    return _decoded(before[0]), revision


def _origin(revision: Revision) -> int:
    """The revision that rules were put as first, before undos put them back."""
    return int(revision.facts.get("restores", revision.number))


def _document(rules: Rules) -> dict[str, Any]:
    return rules.model_dump(mode="json", exclude_none=True)


def _revisions(cluster: Cluster) -> Revisions:
    return Revisions(cluster, RULES, "rules")


def _decoded(revision: Revision) -> RulesRevision:
    source = f"rules of {revision.index}, revision {revision.number}"
    return RulesRevision(
        revision.index,
        revision.number,
        decode(Rules, revision.document, source=source),
        str(revision.facts.get("author")),
        revision.created,
        revision.facts.get("restores"),
    )
