"""What people state for an index and the cluster keeps: numbered revisions by the name of the index, none changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.state import StateIndex
from ltr_plugin.errors import InputError

MAX_LISTED = 1000
"""Revisions that a list has, the latest ones."""


@dataclass(frozen=True)
class Revision:
    """One revision of a document; `number` counts them, and `created` is when it was put there (ISO 8601, UTC).

    `facts` are what else was noted with it, such as its author.
    """

    index: str
    number: int
    created: str
    document: Mapping[str, Any]
    facts: Mapping[str, Any]


Change = Callable[[Revision | None], tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Makes of the latest revision, if there is one, the document and the facts of the next."""


class Revisions:
    """The revisions of one kind of document, each by the name of its index.

    `state` is the hidden index that they are kept in, `kind` what the document is called in it and in messages.
    """

    def __init__(self, cluster: Cluster, state: str, kind: str) -> None:
        self._documents = StateIndex(cluster, state)
        self._kind = kind

    def latest(self, index: str) -> Revision | None:
        """The revision that is used for an index of this name; None where there is none."""
        return next(iter(self.list(index, 1)), None)

    def list(self, index: str, size: int = MAX_LISTED) -> list[Revision]:
        """The revisions of an index, the latest first."""
        body = {"query": {"term": {"index": index}}, "sort": [{"number": "desc"}], "size": size}
        return [self._revision(found) for found in self._documents.search(body)]

    def indices(self) -> set[str]:
        """The names of the indices that have revisions."""
        body = {"size": MAX_LISTED, "collapse": {"field": "index"}, "_source": ["index"]}
        return {found["index"] for found in self._documents.search(body)}

    def get(self, index: str, number: int, latest: int) -> Revision:
        """The revision of a number, of which the greatest is `latest`; InputError where there is none."""
        found = self._documents.get(_id(index, number))
        if not found:
            raise InputError(f"index {index}", f"its {self._kind} has no revision {number}, but 1 to {latest}")
        return self._revision(found)

    def add(self, index: str, change: Change) -> Revision:
        """Keeps what `change` makes of the latest revision as the next one, unless it is the same document.

        Where somebody else's revision comes first, `change` is called again with that.
        """
        while True:
            latest = self.latest(index)
            document, facts = change(latest)
            if latest and document == latest.document:
                return latest
            number = latest.number + 1 if latest else 1
            created = datetime.now(UTC).isoformat(timespec="seconds")
            noted = {"index": index, "number": number, "created": created, **facts, self._kind: document}
            if self._documents.create(_id(index, number), noted):
                return self._revision(noted)

    def _revision(self, found: Mapping[str, Any]) -> Revision:
        facts = {key: value for key, value in found.items() if key not in (*_NOTED, self._kind)}
        return Revision(found["index"], found["number"], found["created"], found[self._kind], facts)


_NOTED = ("schema", "index", "number", "created")


def _id(index: str, number: int) -> str:
    return f"{index}.r{number}"
