"""The kinds of feature: their keys in a feature-set file, and the query whose score is the value of the feature."""

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat, StringConstraints, field_validator

from ltr_plugin.catalog.localized import LocalizedName, feature_tag
from ltr_plugin.catalog.values import FieldName
from ltr_plugin.engines import Engine
from ltr_plugin.features.feature import MAX_VALUE, Feature
from ltr_plugin.features.mustache import Body, RawTemplate, render, to_json, when
from ltr_plugin.features.nested import NestedFeature
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.features.product_values import FieldValue, Recency
from ltr_plugin.profile.first_pass import MinimumShouldMatch

MATCH_NONE: Body = {"match_none": {}}
FUZZY_EXPANSIONS = 8
"""The most terms that a fuzzy word is replaced by. Each is a clause, so the default, 50, leaves room for few words."""

RENAMED_KEYS = {
    "across": "`fields`",
    "has": "`parameter`",
    "direction": "`monotonicity`",
    "best": "`score_mode: max`",
}
"""Keys of feature sets of version 0.1, and what they are called now."""


class Match(NestedFeature):
    """BM25 of the query's text in one text field. With `fuzziness`, a word matches its 8 most similar terms at most.

    `{language}` in the name of a field, here and below, is the code of the query's language.
    """

    kind: Literal["match"]
    field: LocalizedName
    operator: Literal["or", "and"] = "or"
    minimum_should_match: MinimumShouldMatch | None = None
    fuzziness: Literal["AUTO", 0, 1, 2] | None = None

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """A `match` query of the text."""
        options = {
            "minimum_should_match": self.minimum_should_match,
            "fuzziness": self.fuzziness,
            "max_expansions": FUZZY_EXPANSIONS if self.fuzziness else None,
        }
        given = {name: value for name, value in options.items() if value is not None}
        match = {"match": {feature_tag(self.field): {"query": "{{text}}", "operator": self.operator, **given}}}
        return self.in_objects(match)

    def required_fields(self) -> dict[str, str]:
        """The text field; a fuzzy match needs one of words, since all terms similar to a long text take all memory."""
        return {self.field: "tokenized text" if self.fuzziness else "text"}


class MultiMatch(Feature):
    """BM25 of the query's text over several text fields.

    With `type: cross_fields` and `operator: and`, each term must occur in at least one of the fields.
    """

    kind: Literal["multi_match"]
    fields: Annotated[tuple[LocalizedName, ...], Field(min_length=1)]
    type: Literal["best_fields", "most_fields", "cross_fields", "phrase"] = "best_fields"
    operator: Literal["or", "and"] = "or"
    tie_breaker: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """A `multi_match` query of the text."""
        fields = list(map(feature_tag, self.fields))
        search = {"query": "{{text}}", "fields": fields, "type": self.type, "tie_breaker": self.tie_breaker}
        return {"multi_match": search if self.type == "phrase" else {**search, "operator": self.operator}}

    def required_fields(self) -> dict[str, str]:
        """The text fields."""
        return dict.fromkeys(self.fields, "text")


class Phrase(Feature):
    """BM25 of the query's text as a phrase; its terms may be moved by `slop` positions in total."""

    kind: Literal["phrase"]
    field: LocalizedName
    slop: Annotated[int, Field(ge=0, le=50)] = 0

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """A `match_phrase` query of the text."""
        return {"match_phrase": {feature_tag(self.field): {"query": "{{text}}", "slop": self.slop}}}

    def required_fields(self) -> dict[str, str]:
        """The text field."""
        return {self.field: "text"}


class Similarity(Feature):
    """(1 + cosine) / 2 of a query vector and a product vector of the same space, exact for every product.

    A product with several images (or audio or video files) has their mean direction in `field`. That is compared with
    `score_mode: mean`; `score_mode: max` compares the most similar one. A `knn` query would be wrong here: it gives no
    value to products beyond the k nearest.
    """

    kind: Literal["similarity"]
    field: FieldName
    query_vector: FieldName
    score_mode: Literal["mean", "max"] = "mean"

    def query(self, engine: Engine) -> Body:
        """The similarity where the query has the vector, else `match_none`."""
        scored = self._scored(engine, self.field)
        if self.score_mode == "max":
            path = f"per_media.{self.field}"
            most_similar = {
                "nested": {"path": path, "score_mode": "max", "query": self._scored(engine, f"{path}.vector")}
            }
            has_several = {"nested": {"path": path, "query": {"match_all": {}}}}
            single: Body = {"bool": {"must": [scored], "must_not": [has_several]}}
            scored = {"dis_max": {"queries": [most_similar, single]}}
        return when(flag_name(self.query_vector), scored, MATCH_NONE)

    def _scored(self, engine: Engine, field: str) -> Body:
        return engine.similarity(field, to_json(self.query_vector))

    def required_fields(self) -> dict[str, str]:
        """The vector field and, for `max`, the nested field with a vector for each medium."""
        nested = {f"per_media.{self.field}.vector": "vector"} if self.score_mode == "max" else {}
        return {self.field: "vector", **nested}

    def required_nested(self) -> dict[str, str]:
        """The vectors of each medium."""
        path = f"per_media.{self.field}"
        return {f"{path}.vector": path} if self.score_mode == "max" else {}

    def required_vectors(self) -> dict[str, str]:
        """The one query vector."""
        return {self.query_vector: self.field}


class QueryFlag(Feature):
    """1 when the query has this parameter (`text`, or a query vector by its name), the same for every product."""

    kind: Literal["query_flag"]
    parameter: FieldName

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """`match_all` where the query has the parameter, else `match_none`."""
        return when(flag_name(self.parameter), {"match_all": {}}, MATCH_NONE)


class Template(Feature):
    """Any query. `{{name}}` inserts a search parameter; `when` names a parameter without which there is no value.

    A query with tags outside of strings, such as sections, is no JSON until it is rendered: write it as a text. It is
    sent as it is written, so a number of the product that it cannot compute with fails the search.
    """

    kind: Literal["template"]
    template: dict[str, Any] | str
    when: FieldName | None = None

    @field_validator("template")
    @classmethod
    def _require_query(cls, template: dict[str, Any] | str) -> dict[str, Any] | str:
        if isinstance(template, str):
            if not template.lstrip().startswith("{") or ("{{" not in template and not _is_object(template)):
                raise ValueError("is no query in JSON, with tags of mustache or without")
            return template
        try:
            render(template)
            json.dumps(template, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"cannot be written as JSON: {error}; put dates into quotes") from None
        return template

    @property
    def text(self) -> str:
        """The text that the cluster renders."""
        return self.template if isinstance(self.template, str) else render(self.template)

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """The template; `match_none` where the query lacks what `when` names."""
        body = RawTemplate(self.text)
        return when(flag_name(self.when), body, MATCH_NONE) if self.when else body


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


class Derived(Feature):
    """A Lucene expression over earlier features of the set, which are 0 where they are missing.

    A result that is not a number, such as that of `sqrt(-1)`, counts as 0; results are kept between -1e16 and 1e16.
    """

    MAX_TERMS: ClassVar[int] = 1000
    kind: Literal["derived"]
    expression: Annotated[str, StringConstraints(min_length=1)]

    @property
    def bounded_expression(self) -> str:
        """The expression that the cluster computes: a finite number for all values of the features that it reads."""
        value, bound = self.expression, f"{MAX_VALUE:g}".replace("+", "")
        return f"({value}) <= {bound} ? max(-{bound}, {value}) : ({value}) > {bound} ? {bound} : 0"

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """The bounded expression."""
        return RawTemplate(self.bounded_expression)


class CompiledExpression(Derived):
    """A part of a compiled model, which keeps its values finite itself."""

    @property
    def bounded_expression(self) -> str:
        """The expression."""
        return self.expression


AnyFeature = Annotated[
    Match | MultiMatch | Phrase | Similarity | FieldValue | Recency | QueryFlag | Template | Derived,
    Field(discriminator="kind"),
]


def scores_words(feature: Feature) -> bool:
    """Whether a feature is, or may be, a score of words, whose scale is that of a search engine."""
    return isinstance(feature, Match | MultiMatch | Phrase | Template)
