"""The kinds of feature that read a number or date of the product, with a value for whatever the index can hold."""

import math
import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, FiniteFloat, StringConstraints, field_validator

from ltr_plugin.engines import Engine
from ltr_plugin.features.feature import MAX_VALUE
from ltr_plugin.features.mustache import Body
from ltr_plugin.features.nested import NestedFeature, ScoreMode

_VALUES_AT_BOUNDS = {
    "none": (0.0, MAX_VALUE),
    "log1p": (0.0, math.log10(MAX_VALUE)),
    "ln1p": (0.0, math.log(MAX_VALUE)),
    "ln2p": (math.log(2), math.log(MAX_VALUE)),
    "sqrt": (0.0, math.sqrt(MAX_VALUE)),
    "square": (0.0, MAX_VALUE),
    "reciprocal": (MAX_VALUE, 1 / MAX_VALUE),
}
"""For each modifier of a number its results at the least and at the greatest number that it is computed for."""


_ORIGIN = re.compile(
    r"(now|(?P<date>\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?)?)(\|\||$))([+-]\d{1,9}[yMwdhHms]|/[yMwdhHms])*"
)
"""`now` or a date, and date math of the cluster."""


class FieldValue(NestedFeature):
    """A number of the product, such as its price or rating, as `modifier(factor * number)`.

    Where `factor * number` is below 0 it counts as 0, and no value is above 1e16, so that no number fails a search. Of
    several numbers the lowest counts, also of those of `nested` objects unless `score_mode` says otherwise.
    """

    kind: Literal["field_value"]
    DEFAULT_SCORE_MODE: ClassVar[ScoreMode] = "min"
    factor: Annotated[FiniteFloat, Field(ge=1e-12, le=1e12)] = 1.0
    modifier: Literal["none", "log1p", "ln1p", "ln2p", "sqrt", "square", "reciprocal"] = "none"

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """A `function_score` query with `field_value_factor` between the bounds of the modifier."""
        lowest = 1 / MAX_VALUE if self.modifier == "reciprocal" else 0
        highest = math.sqrt(MAX_VALUE) if self.modifier == "square" else MAX_VALUE
        at_lowest, at_highest = _VALUES_AT_BOUNDS[self.modifier]
        # A `range` would fail where the field's type has no number as great as the bound, a lenient query finds nothing
        above = {"query": f"{self.field}:>{highest / self.factor}", "lenient": True}
        value = {"field": self.field, "factor": self.factor, "modifier": self.modifier}
        functions = [
            {"filter": {"range": {self.field: {"lte": lowest / self.factor}}}, "weight": at_lowest},
            {"filter": {"query_string": above}, "weight": at_highest},
            # `missing` is for a field that no product has yet: it is not mapped, which would fail
            {"field_value_factor": {**value, "missing": 1}},
        ]
        return self.in_objects(
            {
                "function_score": {
                    "query": {"exists": {"field": self.field}},
                    "functions": functions,
                    "score_mode": "first",
                    "boost_mode": "replace",
                }
            }
        )

    def required_fields(self) -> dict[str, str]:
        """The number field."""
        return {self.field: "number"}


class Recency(NestedFeature):
    """Exponential decay with the distance of a date from `origin`: 1 at `origin`, `decay` at a distance of `scale`."""

    kind: Literal["recency"]
    scale: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}[dhm]$")] = "365d"
    decay: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.5
    origin: str = "now"

    @field_validator("origin")
    @classmethod
    def _require_date(cls, origin: str) -> str:
        parts = _ORIGIN.fullmatch(origin)
        try:
            valid = parts is not None and (parts["date"] is None or bool(datetime.fromisoformat(parts["date"])))
        except ValueError:
            valid = False
        if not valid:
            raise ValueError(f"{origin!r} is no date; write such as now, now-7d/d, 2026-12-31 or 2026-12-31T18:00:00Z")
        return origin

    def query(self, engine: Engine) -> Body:  # noqa: ARG002
        """A `function_score` query with an `exp` decay, which is between 0 and 1 for all dates."""
        shape = {"origin": self.origin, "scale": self.scale, "decay": self.decay}
        return self.in_objects(
            {
                "function_score": {
                    "query": {"exists": {"field": self.field}},
                    "exp": {self.field: shape},
                    "boost_mode": "replace",
                }
            }
        )

    def required_fields(self) -> dict[str, str]:
        """The date field."""
        return {self.field: "date"}
