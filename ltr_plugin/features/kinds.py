"""The kinds of feature, each with what a feature-set file says of it and the query whose score is its value."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat, StringConstraints

from ltr_plugin.features.mustache import Body, RawTemplate, to_json, when
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.validation import StrictModel

FeatureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]
FeatureModality = Literal["text", "image", "audio", "video", "behaviour", "query"]
MATCH_NONE: Body = {"match_none": {}}


class Feature(StrictModel):
    """What every feature says: its name, its kind, and the modality that a fusion ranker groups it under.

    `monotonicity` is what a ranker may take for granted, such as that more matching words never hurt: with few judged
    queries it keeps chance out of the model.
    """

    name: FeatureName
    modality: FeatureModality
    monotonicity: Literal["increasing", "decreasing"] | None = None

    @abstractmethod
    def query(self) -> Body:
        """The query, as JSON with mustache, that matches where the feature has a value and scores that value."""

    def required_fields(self) -> dict[str, str]:
        """Index fields that it reads, each with what it must be: `text`, `number`, `date` or `vector`."""
        return {}

    def required_vectors(self) -> dict[str, str]:
        """Query vectors that it reads, each with the index field that it is compared with."""
        return {}


class Match(Feature):
    """BM25 of the typed words in a text field; 0 where no word occurs."""

    kind: Literal["match"]
    field: FieldName
    operator: Literal["or", "and"] = "or"
    minimum_should_match: str | None = None
    fuzziness: Literal["AUTO", 0, 1, 2] | None = None

    def query(self) -> Body:
        """See Feature."""
        options = {"minimum_should_match": self.minimum_should_match, "fuzziness": self.fuzziness}
        given = {name: value for name, value in options.items() if value is not None}
        return {"match": {self.field: {"query": "{{text}}", "operator": self.operator, **given}}}

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        return {self.field: "text"}


class MultiMatch(Feature):
    """BM25 of the typed words over several fields; `cross_fields` with `and` wants every word in one of them."""

    kind: Literal["multi_match"]
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1)]
    type: Literal["best_fields", "most_fields", "cross_fields", "phrase"] = "best_fields"
    operator: Literal["or", "and"] = "or"
    tie_breaker: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0

    def query(self) -> Body:
        """See Feature."""
        search = {"query": "{{text}}", "fields": list(self.fields), "type": self.type, "tie_breaker": self.tie_breaker}
        return {"multi_match": search if self.type == "phrase" else {**search, "operator": self.operator}}

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        return dict.fromkeys(self.fields, "text")


class Phrase(Feature):
    """BM25 of the typed words as a phrase, in which `slop` moves are allowed."""

    kind: Literal["phrase"]
    field: FieldName
    slop: Annotated[int, Field(ge=0, le=50)] = 0

    def query(self) -> Body:
        """See Feature."""
        return {"match_phrase": {self.field: {"query": "{{text}}", "slop": self.slop}}}

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        return {self.field: "text"}


class Similarity(Feature):
    """(1 + cosine) / 2 of a query vector and a product vector of one space, computed exactly for every product.

    A product with several photos has their mean direction in the field, which `score_mode: mean` compares; `max`
    takes the photo most similar to the query instead. A `knn` clause would be wrong here: products outside its top k come back as missing.
    """

    kind: Literal["similarity"]
    field: FieldName
    query_vector: FieldName
    score_mode: Literal["mean", "max"] = "mean"

    def query(self) -> Body:
        """See Feature."""
        scored = self._scored(self.field)
        if self.score_mode == "max":
            own = f"per_media.{self.field}"
            nearest = {"nested": {"path": own, "score_mode": "max", "query": self._scored(f"{own}.vector")}}
            several = {"nested": {"path": own, "query": {"match_all": {}}}}
            only: Body = {"bool": {"must": [scored], "must_not": [several]}}
            scored = {"dis_max": {"queries": [nearest, only]}}
        return when(flag_name(self.query_vector), scored, MATCH_NONE)

    def _scored(self, field: str) -> Body:
        params = {"field": field, "query_value": to_json(self.query_vector), "space_type": "cosinesimil"}
        script = {"source": "knn_score", "lang": "knn", "params": params}
        return {"script_score": {"query": {"exists": {"field": field}}, "script": script}}

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        own = {f"per_media.{self.field}.vector": "vector"} if self.score_mode == "max" else {}
        return {self.field: "vector", **own}

    def required_vectors(self) -> dict[str, str]:
        """See Feature."""
        return {self.query_vector: self.field}


class FieldValue(Feature):
    """A number of the product, such as its price or rating, multiplied by `factor` and then changed by `modifier`."""

    kind: Literal["field_value"]
    field: FieldName
    factor: FiniteFloat = 1.0
    modifier: Literal["none", "log1p", "ln1p", "ln2p", "sqrt", "square", "reciprocal"] = "none"

    def query(self) -> Body:
        """See Feature."""
        value = {"field": self.field, "factor": self.factor, "modifier": self.modifier}
        return {
            "function_score": {
                "query": {"exists": {"field": self.field}},
                "field_value_factor": value,
                "boost_mode": "replace",
            }
        }

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        return {self.field: "number"}


class Recency(Feature):
    """exp decay of a date's age: 1 now, `decay` after `scale`, such as 0.5 after `365d`."""

    kind: Literal["recency"]
    field: FieldName
    scale: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*[dhm]$")] = "365d"
    decay: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.5
    origin: str = "now"

    def query(self) -> Body:
        """See Feature."""
        shape = {"origin": self.origin, "scale": self.scale, "decay": self.decay}
        return {
            "function_score": {
                "query": {"exists": {"field": self.field}},
                "exp": {self.field: shape},
                "boost_mode": "replace",
            }
        }

    def required_fields(self) -> dict[str, str]:
        """See Feature."""
        return {self.field: "date"}


class QueryFlag(Feature):
    """1 where the query has this: `text`, or a vector by its name; the same for every product."""

    kind: Literal["query_flag"]
    parameter: FieldName

    def query(self) -> Body:
        """See Feature."""
        return when(flag_name(self.parameter), {"match_all": {}}, MATCH_NONE)


class Template(Feature):
    """Any query of the cluster. `{{name}}` inserts a query parameter, escaped; `when` names a flag it needs."""

    kind: Literal["template"]
    template: dict[str, Any]
    when: FieldName | None = None

    def query(self) -> Body:
        """See Feature."""
        return when(flag_name(self.when), self.template, MATCH_NONE) if self.when else self.template


class Derived(Feature):
    """A Lucene expression over earlier features of the set, which read as 0 where they are missing."""

    MAX_TERMS: ClassVar[int] = 1000
    kind: Literal["derived"]
    expression: Annotated[str, StringConstraints(min_length=1)]

    def query(self) -> Body:
        """See Feature."""
        return RawTemplate(self.expression)


AnyFeature = Annotated[
    Match | MultiMatch | Phrase | Similarity | FieldValue | Recency | QueryFlag | Template | Derived,
    Field(discriminator="kind"),
]
