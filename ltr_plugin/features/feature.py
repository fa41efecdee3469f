"""What all kinds of feature have in common."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import StringConstraints

from ltr_plugin.engines import Engine
from ltr_plugin.features.mustache import Body
from ltr_plugin.validation import StrictModel

FeatureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
FeatureModality = Literal["text", "image", "audio", "video", "behaviour", "query"]
MAX_VALUE = 1e16
"""The greatest absolute value of a number or expression: above any price and any time in microseconds, and so small
that float32 has room for the product of two of them."""


class Feature(StrictModel):
    """Base class of all kinds.

    `modality` is the group in which a fusion ranker puts the feature. `monotonicity` is a constraint for rankers: a
    greater value never lowers the score (`increasing`), or never raises it (`decreasing`). With few judged queries a
    constraint keeps rankers from learning noise.
    """

    name: FeatureName
    modality: FeatureModality
    monotonicity: Literal["increasing", "decreasing"] | None = None

    @abstractmethod
    def query(self, engine: Engine) -> Body:
        """A query that matches the products that have a value, with the value as its score: JSON with mustache tags, in
        the forms of a search engine."""

    def required_fields(self) -> dict[str, str]:
        """The index fields that the query reads, each with the kind of type that it must have, such as `number`."""
        return {}

    def required_nested(self) -> dict[str, str]:
        """The fields of nested objects that the query reads in them, each with the nested field."""
        return {}

    def required_vectors(self) -> dict[str, str]:
        """The query vectors that the query reads, with the index field that each is compared with."""
        return {}
