"""Features that may read a field of nested objects, such as the price in the store that a search picks."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from ltr_plugin.catalog.schema import PICK_KEY
from ltr_plugin.catalog.values import FieldName
from ltr_plugin.features.feature import Feature
from ltr_plugin.features.mustache import NOTHING, Body, RawTemplate, element, list_with, when

ScoreMode = Literal["min", "max", "avg"]
"""What the value of several objects is."""


def picked(path: str, key: str | None) -> list[RawTemplate]:
    """An element of a list of clauses, if there is a key: the object of a nested field whose key a search picks."""
    return [when(key, element({"term": {f"{path}.{key}": f"{{{{{key}}}}}"}}), NOTHING)] if key else []


class NestedFeature(Feature):
    """Base class of the kinds that read one field, which may be one of `nested` objects.

    With `pick`, such as `store`, only the object counts whose key of this name is the search parameter of this name;
    where a search has none, all objects do. `score_mode` says which value of several objects counts; without it, the
    greatest does.
    """

    DEFAULT_SCORE_MODE: ClassVar[ScoreMode] = "max"
    field: FieldName
    nested: FieldName | None = None
    pick: Annotated[str, StringConstraints(pattern=PICK_KEY)] | None = None
    score_mode: ScoreMode | None = None

    @model_validator(mode="after")
    def _require_nested(self) -> Self:
        if self.nested is None and (self.pick or self.score_mode):
            raise ValueError("`pick` and `score_mode` are about the objects of a nested field; add `nested`, its path")
        if self.nested is not None and not self.field.startswith(f"{self.nested}."):
            raise ValueError(f"{self.field!r} is not below {self.nested!r}; correct `nested` or `field`")
        return self

    def in_objects(self, query: Body) -> Body:
        """A query whose score is that of this one in the objects, where the field is one of nested objects."""
        if self.nested is None:
            return query
        filters = list_with(picked(self.nested, self.pick), [{"match_all": {}}])
        objects = {"bool": {"must": [query], "filter": filters}}
        score_mode = self.score_mode or self.DEFAULT_SCORE_MODE
        return {"nested": {"path": self.nested, "score_mode": score_mode, "query": objects}}

    def required_nested(self) -> dict[str, str]:
        """The fields of nested objects that it reads, each with the nested field."""
        return {self.field: self.nested} if self.nested else {}
