"""The first pass: the query that finds the candidates of a ranker, by text and by vectors."""

from dataclasses import dataclass

from ltr_plugin.catalog.vectors import query_fields
from ltr_plugin.engines import OPENSEARCH, Engine
from ltr_plugin.features.kinds import MATCH_NONE
from ltr_plugin.features.mustache import Body, RawTemplate, to_json, when, when_list
from ltr_plugin.features.product_values import FieldValue
from ltr_plugin.profile.first_pass import VectorScale
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.filters import filter_clauses
from ltr_plugin.queries.own_query import OwnQuery

SCALED = "params.weight * (Math.max(0, (_score - params.low) / params.range) + 0.001 * _score)"
"""A similarity as a scale has it count. The second term keeps the order of products that are all less similar than
`low`, as those of an unusual query are."""


@dataclass(frozen=True)
class Retrieval:
    """The first pass over an index: BM25 over its text fields, and k-NN of each query vector in its vector fields.

    `window` replaces that of the profile. The clauses are in the forms of the search `engine`.
    """

    profile: IndexProfile
    window: int | None = None
    engine: Engine = OPENSEARCH

    @property
    def window_size(self) -> int:
        """The number of candidates that a ranker scores, and the k of each k-NN clause."""
        return self.window or self.profile.first_pass.window

    @property
    def knn_pairs(self) -> tuple[tuple[str, str], ...]:
        """Each query vector, by its parameter, with each vector field of its own space, but for those of reviews."""
        vectors = [one for one in self.profile.vectors if not one.part]
        return tuple(
            (query.parameter, field.name)
            for query in vectors
            for field in vectors
            if query.fingerprint == field.fingerprint
        )

    @property
    def query_vectors(self) -> tuple[str, ...]:
        """The names of the query vectors that it can use."""
        return tuple(dict.fromkeys(query for query, _ in self.knn_pairs))

    @property
    def ranker_vectors(self) -> tuple[str, ...]:
        """The names of the query vectors that features can read: those, and that of the space of reviews alone."""
        return tuple(one.parameter for one in query_fields(self.profile.vectors))

    def own_clause(self, filter_: Body | None = None) -> Body | None:
        """The shop's own query, which stands for `lexical_clause` and `knn_clauses`, with `filter_` or else all filters
        where it names them; None where the profile has none. InputError where it cannot be read."""
        query = self.profile.first_pass.query
        return OwnQuery.parse(query).rendered(filter_ or self._all_filters) if query else None

    @property
    def outdated_scales(self) -> tuple[VectorScale, ...]:
        """The scales that were measured with another encoder than the one of their field now: where there are any,
        similarities count as they are."""
        spaces = {vector.name: vector.fingerprint.digest for vector in self.profile.vectors}
        scales = self.profile.first_pass.scales
        return tuple(scale for scale in scales if scale.space not in (None, spaces.get(scale.field)))

    def lexical_clause(self) -> Body:
        """BM25 of the query's text: the best field counts in full, the others by the tie breaker."""
        options, text = self.profile.first_pass, {"query": "{{text}}", "fields": list(self.profile.text_fields)}
        words = {"multi_match": {**text, "type": "best_fields", "tie_breaker": options.tie_breaker}}
        if options.minimum_should_match:
            words["multi_match"]["minimum_should_match"] = options.minimum_should_match
        if not options.phrase_boost:
            return words
        phrase = {"multi_match": {**text, "type": "phrase", "boost": options.phrase_boost}}
        return {"bool": {"must": [words], "should": [phrase]}}

    def browse_clause(self) -> Body:
        """All products, the popular ones first, where the query has neither words nor a vector."""
        clause: Body = {"match_all": {}}
        if popular := self.popularity_clause():
            clause = {"bool": {"must": [clause], "should": [popular]}}
        return self.when_browsing(clause, MATCH_NONE)

    def popularity_clause(self) -> Body | None:
        """A clause that scores products by their popularity; None where the profile has no field of it."""
        popular = self.profile.first_pass.popularity
        if not popular:
            return None
        value = FieldValue(kind="field_value", name="popularity", modality="behaviour", field=popular, modifier="ln1p")
        return value.query(self.engine)

    def when_browsing(self, body: Body, otherwise: Body) -> RawTemplate:
        """`body` where the query has neither words nor a vector, else `otherwise`."""
        for vector in self.query_vectors:
            body = when_list(vector, otherwise, body)
        return when("text", otherwise, body)

    def knn_clauses(self, filter_: Body | None = None) -> list[Body]:
        """A k-NN clause for each pair of a query vector and a field, within `filter_` or else all filters.

        Of the media fields (image, audio, video) only the most similar one counts, so that a product does not gain by
        having more of them.
        """
        filter_ = filter_ or self._all_filters
        media_fields = {vector.name for vector in self.profile.vectors if vector.source != "text"}
        clauses: list[Body] = []
        for query in self.query_vectors:
            fields = [field for query_vector, field in self.knn_pairs if query_vector == query]
            knn = {field: self._knn_clause(query, field, filter_) for field in fields}
            media_clauses = [clause for field, clause in knn.items() if field in media_fields]
            text_clauses = [clause for field, clause in knn.items() if field not in media_fields]
            if len(media_clauses) > 1:
                media_clauses = [{"dis_max": {"queries": media_clauses}}]
            clauses += [when_list(query, clause, MATCH_NONE) for clause in (*media_clauses, *text_clauses)]
        return clauses

    @property
    def _all_filters(self) -> Body:
        return {"bool": {"filter": filter_clauses(self.profile)}}

    def _knn_clause(self, query: str, field: str, filter_: Body) -> Body:
        knn = self.engine.nearest(field, to_json(query), self.window_size, filter_)
        scale = self.profile.first_pass.scale(query, field)
        if scale is None or self.outdated_scales:
            return knn
        params = {"low": scale.low, "range": scale.high - scale.low, "weight": scale.weight}
        script = {"source": SCALED, "params": params}
        return {"function_score": {"query": knn, "script_score": {"script": script}, "boost_mode": "replace"}}
