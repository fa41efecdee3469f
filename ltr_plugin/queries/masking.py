"""The first pass as it would be if some products lacked a modality."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from ltr_plugin.features.mustache import Body, to_json
from ltr_plugin.queries.retrieval import FILTER, Retrieval

MASKED_IDS = "removed"
"""The search parameter that lists the ids of those products."""
_MASKED_CLAUSE: Body = {"terms": {"id": to_json(MASKED_IDS)}}


@dataclass(frozen=True)
class MaskedRetrieval(Retrieval):
    """A first pass that finds the products of REMOVED neither by `masked_vectors` nor, if they have no `match_text`, by words.

    Their places among the nearest neighbours go to the next ones.
    """

    masked_vectors: frozenset[str] = frozenset()
    match_text: bool = True

    @classmethod
    def from_retrieval(cls, base: Retrieval, masked_vectors: Collection[str], *, match_text: bool) -> Self:
        """The first pass `base`, thinned."""
        return cls(
            base.knn_pairs,
            base.lexical_fields,
            base.window_size,
            base.media_fields,
            frozenset(masked_vectors),
            match_text,
        )

    def lexical_clause(self) -> Body:
        """See Retrieval."""
        found = super().lexical_clause()
        return found if self.match_text else {"bool": {"must": [found], "must_not": [_MASKED_CLAUSE]}}

    def _knn_clause(self, query: str, field: str) -> Body:
        if field not in self.masked_vectors:
            return super()._knn_clause(query, field)
        only = {"bool": {"filter": [FILTER], "must_not": [_MASKED_CLAUSE]}}
        return {"knn": {field: {"vector": to_json(query), "k": self.window_size, "filter": only}}}
