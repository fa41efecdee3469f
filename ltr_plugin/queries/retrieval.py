"""The first pass: which products a ranker gets to see, by their words and by every vector the query brings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import Body, RawTemplate, to_json, when
from ltr_plugin.features.parameters import flag_name

LEXICAL_FIELDS = ("title.stem", "brand", "model", "category.stem", "description.stem", "attribute_text.stem")
FILTER: RawTemplate = when(flag_name("filter"), to_json("filter"), {"match_all": {}})
"""Any query clause that the storefront restricts products with, such as a category or a price range."""


@dataclass(frozen=True)
class Retrieval:
    """How candidates are found: BM25 over `fields`, and the nearest neighbours of each (query vector, field) pair.

    `window_size` is how many of them a ranker scores, and how many neighbours each pair brings. `media` are the fields that
    are made of photos, sounds and videos.
    """

    knn_pairs: tuple[tuple[str, str], ...] = ()
    lexical_fields: tuple[str, ...] = LEXICAL_FIELDS
    window_size: int = 200
    media_fields: frozenset[str] = frozenset()

    @classmethod
    def from_vectors(cls, vectors: Iterable[VectorField]) -> Self:
        """Retrieval over an index with these vectors: every query vector meets every field of its own space."""
        known = list(vectors)
        same = (
            (query.name, field.name) for query in known for field in known if query.fingerprint == field.fingerprint
        )
        return cls(tuple(same), media_fields=frozenset(field.name for field in known if field.source != "text"))

    @property
    def query_vectors(self) -> tuple[str, ...]:
        """The query vectors that it can use, each once."""
        return tuple(dict.fromkeys(query for query, _ in self.knn_pairs))

    def lexical_clause(self) -> Body:
        """BM25 of the typed words: the best field counts in full, the others a little."""
        search = {"query": "{{text}}", "fields": list(self.lexical_fields), "type": "best_fields", "tie_breaker": 0.3}
        return when(flag_name("text"), {"multi_match": search}, MATCH_NONE)

    def knn_clauses(self) -> list[Body]:
        """The nearest neighbours of each vector at hand, within the storefront's filter.

        Of a product's photos, sounds and videos the likest counts: it is not the better for having more of them.
        """
        found: list[Body] = []
        for query in self.query_vectors:
            fields = [field for query_vector, field in self.knn_pairs if query_vector == query]
            media = [self._knn_clause(query, field) for field in fields if field in self.media_fields]
            text_clauses = [self._knn_clause(query, field) for field in fields if field not in self.media_fields]
            media_clauses: list[Body] = [{"dis_max": {"queries": media}}] if len(media) > 1 else media
            found += [when(flag_name(query), clause, MATCH_NONE) for clause in (*media_clauses, *text_clauses)]
        return found

    def _knn_clause(self, query: str, field: str) -> Body:
        return {"knn": {field: {"vector": to_json(query), "k": self.window_size, "filter": FILTER}}}
