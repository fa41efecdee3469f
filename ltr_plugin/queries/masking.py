"""The first pass as if some products lacked a modality."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from ltr_plugin.features.mustache import Body, to_json
from ltr_plugin.queries.retrieval import Retrieval

MASKED_IDS = "removed"
"""The search parameter with the ids of these products."""


@dataclass(frozen=True)
class MaskedRetrieval(Retrieval):
    """A first pass that does not find the products of MASKED_IDS by `masked_vectors`, nor by text without `match_text`.

    The next nearest neighbours take their places. A query of the shop's own finds them as before: what its clauses read
    of a product is not known.
    """

    masked_vectors: frozenset[str] = frozenset()
    match_text: bool = True

    @classmethod
    def from_retrieval(cls, base: Retrieval, masked_vectors: Collection[str], *, match_text: bool) -> Self:
        """The first pass `base` with these fields masked."""
        return cls(base.profile, base.window, base.engine, frozenset(masked_vectors), match_text)

    def lexical_clause(self) -> Body:
        """BM25 of the query's text, without the masked products unless `match_text`."""
        clause = super().lexical_clause()
        return clause if self.match_text else {"bool": {"must": [clause], "must_not": [self._masked_clause()]}}

    def _knn_clause(self, query: str, field: str, filter_: Body) -> Body:
        if field in self.masked_vectors:
            filter_ = {"bool": {"filter": [filter_], "must_not": [self._masked_clause()]}}
        return super()._knn_clause(query, field, filter_)

    def _masked_clause(self) -> Body:
        return {"terms": {self.profile.product.id: to_json(MASKED_IDS)}}
