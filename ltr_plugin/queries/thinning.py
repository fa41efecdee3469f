"""The first pass as it would be if some products lacked a modality."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from ltr_plugin.features.mustache import Body, to_json
from ltr_plugin.queries.retrieval import FILTER, Retrieval

REMOVED = "removed"
"""The search parameter that lists the ids of those products."""
_LACKING: Body = {"terms": {"id": to_json(REMOVED)}}


@dataclass(frozen=True)
class Thinned(Retrieval):
    """A first pass that finds the products of REMOVED neither by `vectors` nor, if they have no `text`, by words.

    Their places among the nearest neighbours go to the next ones.
    """

    vectors: frozenset[str] = frozenset()
    text: bool = True

    @classmethod
    def from_whole(cls, whole: Retrieval, vectors: Collection[str], *, text: bool) -> Self:
        """The first pass `whole`, thinned."""
        return cls(whole.pairs, whole.fields, whole.window, whole.media, frozenset(vectors), text)

    def words(self) -> Body:
        """See Retrieval."""
        found = super().words()
        return found if self.text else {"bool": {"must": [found], "must_not": [_LACKING]}}

    def _neighbours(self, query: str, field: str) -> Body:
        if field not in self.vectors:
            return super()._neighbours(query, field)
        only = {"bool": {"filter": [FILTER], "must_not": [_LACKING]}}
        return {"knn": {field: {"vector": to_json(query), "k": self.window, "filter": only}}}
