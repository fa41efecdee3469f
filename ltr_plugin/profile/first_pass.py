"""The first pass of an index, as its profile states it: how candidates are found by words and by vectors."""

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, StringConstraints, model_validator

from ltr_plugin.catalog.values import FieldName
from ltr_plugin.validation import StrictModel

MINIMUM = r"^(-?\d{1,4}%?|\d{1,4}<-?\d{1,4}%?( \d{1,4}<-?\d{1,4}%?)*)$"
"""A `minimum_should_match`: a number, a percentage, or such as `2<75% 5<-2`. Others fail, some at long texts only."""

MAX_QUERY = 60_000
"""Characters of a shop's own query: the cluster takes scripts, and so search templates, of 65,535 bytes."""

MinimumShouldMatch = Annotated[str, StringConstraints(pattern=MINIMUM)]


class VectorScale(StrictModel):
    """How the similarities of one query vector with one vector field count.

    A similarity s, the k-NN score of the cluster, such as (1 + cosine) / 2, becomes
    `weight * (max(0, (s - low) / (high - low)) + s / 1000)`: spaces whose similarities lie in different ranges become
    comparable, and products below `low` keep their order. `low` and `high` are percentiles of a sample (`ltr profile
    measure`).
    """

    query: str = Field(description="Query vector, by its parameter.")
    field: str = Field(description="Vector field.")
    weight: FiniteFloat = Field(default=1.0, ge=0, description="What a similarity of `high` adds to the score.")
    low: FiniteFloat = Field(default=0.0, ge=0, description="Similarity that adds next to nothing.")
    high: FiniteFloat = Field(default=1.0, ge=0, description="Similarity that adds `weight`.")
    space: str | None = Field(
        default=None, description="Digest of the encoder's fingerprint that it was measured with; none: of any."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low, {self.low:g}, must be below high, {self.high:g}")
        return self


SearchType = Literal["query_then_fetch", "dfs_query_then_fetch"]


class FirstPass(StrictModel):
    """Options of the first pass, which finds the candidates that a ranker scores.

    Without `scales`, all similarities are added as they are. With `query`, that finds the candidates instead of
    `text_fields` and k-NN, and of the other options only `window` and `popularity` count.
    """

    window: int = Field(default=200, ge=1, le=10_000, description="Number of candidates that a ranker scores.")
    tie_breaker: FiniteFloat = Field(
        default=0.3, ge=0, le=1, description="What text fields other than the best one count for."
    )
    minimum_should_match: MinimumShouldMatch | None = Field(
        default=None, description="Words that a product must have at least, such as `2<75%`."
    )
    phrase_boost: FiniteFloat = Field(
        default=0.0, ge=0, description="Boost of products that have the text as a phrase; 0: no such clause."
    )
    popularity: FieldName | None = Field(
        default=None,
        description="Number field, such as sales, by which products are found where a shopper browses without words.",
    )
    scales: tuple[VectorScale, ...] = Field(default=(), description="How the similarities of each space count.")
    search_type: SearchType | None = Field(
        default=None,
        description="`dfs_query_then_fetch` counts how rare a word is in all shards together, which matters where they "
        "are small. Default: that, in an index of several shards that `ltr index create` makes; else "
        "`query_then_fetch`.",
    )
    query: str | None = Field(
        default=None,
        min_length=2,
        max_length=MAX_QUERY,
        description="Query clause of the shop's own (JSON with mustache tags) that finds the candidates.",
    )

    @model_validator(mode="after")
    def _unique_scales(self) -> Self:
        pairs = [(scale.query, scale.field) for scale in self.scales]
        if twice := next((pair for pair in pairs if pairs.count(pair) > 1), None):
            raise ValueError(f"scales has two entries of query {twice[0]!r} and field {twice[1]!r}; leave one out")
        return self

    def scale(self, query: str, field: str) -> VectorScale | None:
        """The scale of a query vector in a field; None where similarities count as they are."""
        return next((one for one in self.scales if (one.query, one.field) == (query, field)), None)
