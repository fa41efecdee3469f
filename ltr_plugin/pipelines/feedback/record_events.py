"""Events and searches, checked and written to the indices of their days."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feedback.daily_indices import (
    KEPT_DAYS,
    Dated,
    event_indices,
    first_kept_day,
    query_indices,
)
from ltr_plugin.errors import ClusterError
from ltr_plugin.feedback.events import UbiEvent
from ltr_plugin.feedback.privacy import Pseudonyms, stored_event, stored_persons, whole_hour

MAX_AHEAD = timedelta(days=1)
"""How far ahead of ours the clock of a shopper's device may be."""


def time_problem(event: UbiEvent, now: datetime | None = None) -> str | None:
    """Why an event of this time is not stored; None where it is."""
    now = now or datetime.now(UTC)
    if event.timestamp.date() < first_kept_day(now):
        return f"is more than {KEPT_DAYS} days ago, and events are kept for {KEPT_DAYS} days"
    return "is in the future; correct the clock" if event.timestamp > now + MAX_AHEAD else None


def dated_event(event: UbiEvent, index: str, pseudonyms: Pseudonyms) -> Dated:
    """An event of a search in this index, as it is stored."""
    document = {**stored_event(event, pseudonyms), "index": index}
    return Dated(pseudonyms.event_id(event), event.timestamp.date(), document)


def record_events(cluster: Cluster, events: Sequence[Dated]) -> list[str | None]:
    """Why each event cannot be stored, in order; None: it is stored, now or by an earlier request.

    ClusterError when the cluster cannot store them now; sending them again is safe.
    """
    return _refusals(event_indices(cluster).write(events))


@dataclass(frozen=True)
class SearchRecord:
    """A search that was answered: the beginnings of a UBI query record. Ids of persons are there only with consent."""

    query_id: str
    user_query: str
    index: str
    moment: datetime
    total: int
    hits: Sequence[str]
    object_id_field: str
    query_attributes: Mapping[str, Any] = field(default_factory=dict)
    client_id: str | None = None
    session_id: str | None = None

    def dated(self, pseudonyms: Pseudonyms) -> Dated:
        """The document of it."""
        persons = stored_persons(self, self.moment, pseudonyms)
        moment = self.moment if persons else whole_hour(self.moment)
        document = {
            "query_id": self.query_id,
            "user_query": self.user_query,
            "normalized_query": normalized(self.user_query),
            "application": self.index,
            "index": self.index,
            "timestamp": moment.isoformat(),
            "total": self.total,
            "object_id_field": self.object_id_field,
            "query_response_hit_ids": list(self.hits),
            "query_attributes": dict(self.query_attributes),
            **persons,
        }
        return Dated(self.query_id, self.moment.date(), document)


def record_searches(cluster: Cluster, searches: Sequence[SearchRecord], pseudonyms: Pseudonyms) -> int:
    """Writes searches, and returns how many are refused for good. ClusterError as of `record_events`."""
    errors = _refusals(query_indices(cluster).write([one.dated(pseudonyms) for one in searches]))
    return sum(error is not None for error in errors)


def normalized(text: str) -> str:
    """What was typed in lower case with single blanks, as one form of Unicode."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def forget_old_days(cluster: Cluster, now: datetime | None = None) -> int:
    """Deletes events and searches of over KEPT_DAYS days ago; returns how many days' indices there were.

    ClusterError when the cluster is out of reach, or does not allow it.
    """
    first = first_kept_day(now)
    return sum(len(indices.delete_before(first)) for indices in (event_indices(cluster), query_indices(cluster)))


def _refusals(errors: Sequence[Any]) -> list[str | None]:
    """The errors that would come again; ClusterError where one would not."""
    for error in errors:
        if error is not None and not error.permanent:
            raise ClusterError(f"feedback cannot be written: {error}", status=503)
    return [None if error is None else str(error) for error in errors]
