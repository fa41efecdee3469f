"""Events and searches in hidden indices of a day each: a day is forgotten by deleting its index."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.cluster.responses import BulkError, Json
from ltr_plugin.cluster.state import HIDDEN
from ltr_plugin.errors import ClusterError

KEPT_DAYS = 30
"""Days that events and searches are kept."""

SCHEMA = 1

_KEYWORD: Mapping[str, str] = {"type": "keyword"}
_COMMON = {
    "schema": {"type": "integer"},
    "timestamp": {"type": "date"},
    **dict.fromkeys(("index", "application", "query_id", "client_id", "session_id", "user_id", "user_query"), _KEYWORD),
}
_OBJECT = {"properties": {"object_id": _KEYWORD, "object_id_field": _KEYWORD}}
_POSITION = {"properties": {name: {"type": "integer"} for name in ("ordinal", "row", "column", "columns")}}


@dataclass(frozen=True)
class Dated:
    """A document with its id and its day. It is written once: a second one of the same id and day changes nothing."""

    id: str
    day: date
    document: Mapping[str, Json]


class DailyIndices:
    """Indices named `PREFIX-2026-11-30`. That of a day is made when something of that day is written first."""

    def __init__(self, cluster: Cluster, prefix: str, properties: Mapping[str, Json]) -> None:
        """`properties` is what can be searched; all else is in the documents only."""
        self.cluster, self.prefix = cluster, prefix
        self._body = {
            "settings": HIDDEN,
            "mappings": {"dynamic": False, "properties": {**_COMMON, **properties}},
        }

    def name(self, day: date) -> str:
        """The index of a day."""
        return f"{self.prefix}-{day:%Y-%m-%d}"

    def write(self, items: Sequence[Dated]) -> list[BulkError | None]:
        """The error of each item, in order; None: it is stored, now or earlier.

        ClusterError when the cluster is out of reach. What was written until then is not written twice by a repetition.
        """
        errors = self._bulk(items)
        lacking = [number for number, error in enumerate(errors) if error and _no_index(error)]
        if lacking:
            for day in {items[number].day for number in lacking}:
                self._create(day)
            for number, error in zip(lacking, self._bulk([items[number] for number in lacking]), strict=True):
                errors[number] = error
        return errors

    def search(self, body: Json) -> Json:
        """The response to a search of all days; without any it has no hits, and no `aggregations`."""
        return self.cluster.call(
            "POST", f"/{self.prefix}-*/_search", body, expand_wildcards="open,hidden", ignore_unavailable=True
        )

    def refresh(self) -> None:
        """Makes what was written visible to searches."""
        self.cluster.call("POST", f"/{self.prefix}-*/_refresh", expand_wildcards="open,hidden")

    def days(self) -> list[date]:
        """The days that have an index, in order."""
        names = self.cluster.call("GET", f"/{self.prefix}-*/_alias", expand_wildcards="all")
        pattern = re.compile(rf"{re.escape(self.prefix)}-(\d{{4}}-\d{{2}}-\d{{2}})")
        matches = (pattern.fullmatch(name) for name in names)
        return sorted(day for match in matches if match and (day := _date(match[1])))

    def delete_before(self, day: date) -> list[date]:
        """Deletes the indices of earlier days, and returns these days."""
        deleted = [one for one in self.days() if one < day]
        for one in deleted:
            self.cluster.call("DELETE", f"/{self.name(one)}", ignore_unavailable=True)
        return deleted

    def _bulk(self, items: Sequence[Dated]) -> list[BulkError | None]:
        actions: Iterable[Mapping[str, Any]] = (
            {
                "_op_type": "create",
                "_index": write_alias(self.name(one.day)),
                "_id": one.id,
                "_source": {"schema": SCHEMA, **one.document},
            }
            for one in items
        )
        return [None if error is None or error.conflict else error for _, error in self.cluster.bulk(actions)]

    def _create(self, day: date) -> None:
        name = self.name(day)
        try:
            self.cluster.call("PUT", f"/{name}", {**self._body, "aliases": {write_alias(name): {"is_hidden": True}}})
        except ClusterError as error:
            if error.status == 403:
                raise error.saying(
                    lambda said: (
                        f"{said}; feedback is kept in hidden indices: the user needs the right to create, "
                        f"write, read and delete {self.prefix}-*"
                    )
                ) from None
            if error.error_type != "resource_already_exists_exception":
                raise


def event_indices(cluster: Cluster) -> DailyIndices:
    """The events."""
    attributes = {"properties": {"object": _OBJECT, "position": _POSITION}}
    return DailyIndices(
        cluster,
        "ltr-events",
        {"action_name": _KEYWORD, "consent": {"type": "boolean"}, "event_attributes": attributes},
    )


def query_indices(cluster: Cluster) -> DailyIndices:
    """The searches. `normalized_query` is what was typed, in the form in which equal queries are equal."""
    return DailyIndices(
        cluster,
        "ltr-queries",
        {
            "normalized_query": _KEYWORD,
            "query_response_hit_ids": _KEYWORD,
            "total": {"type": "integer"},
        },
    )


def first_kept_day(now: datetime | None = None) -> date:
    """The first of the days that are kept."""
    return ((now or datetime.now(UTC)) - timedelta(days=KEPT_DAYS)).date()


def _no_index(error: BulkError) -> bool:
    return "no such index" in error or "is not an alias" in error


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
