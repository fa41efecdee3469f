"""The fields that shoppers filter, count and sort by, as a profile declares them."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, StringConstraints, model_validator

from ltr_plugin.catalog.localized import LocalizedPath
from ltr_plugin.validation import StrictModel

FilterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

FilterType = Literal["keyword", "number", "date", "boolean"]

CALENDAR_INTERVALS = ("day", "week", "month", "quarter", "year")

MAX_RANGES = 50

RANGE_ENDS = {"min": "gte", "max": "lte", "below": "lt"}
"""Ends of a range as search parameters name them, and as the cluster does."""


class Facet(StrictModel):
    """How the values of a field are counted: one of `terms`, `ranges` and `histogram`."""

    terms: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Number of values that are counted, the most frequent ones first."
    )
    ranges: Annotated[tuple[FiniteFloat, ...], Field(min_length=1, max_length=MAX_RANGES)] | None = Field(
        default=None,
        description="Limits between ranges, ascending; the first range has no lower limit, the last no upper.",
    )
    histogram: Annotated[FiniteFloat, Field(gt=0)] | Literal["day", "week", "month", "quarter", "year"] | None = Field(
        default=None, description="Width of equal ranges; for dates day, week, month, quarter or year."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [name for name, value in self if value is not None]
        if len(forms) != 1:
            raise ValueError("a facet needs exactly one of terms, ranges, histogram")
        if self.ranges and list(self.ranges) != sorted(set(self.ranges)):
            raise ValueError("ranges must ascend")
        return self

    @property
    def form(self) -> str:
        """`terms`, `ranges` or `histogram`."""
        return next(name for name, value in self if value is not None)


class FilterField(StrictModel):
    """A field by which a search is filtered, and by `facet` counted; a number or date also sorts.

    Searches have a parameter `filter_NAME`, a list of values, for keywords and booleans. For numbers and dates they
    have `filter_NAME_min` and `filter_NAME_max`, both inclusive, and `filter_NAME_below`, which is exclusive as the end
    of a facet's range is.
    """

    name: FilterName = Field(description="Name in search parameters and in counts.")
    field: LocalizedPath = Field(description="Field of the index.")
    type: FilterType = Field(description="keyword, number, date or boolean.")
    facet: Facet | None = Field(default=None, description="How its values are counted; without it they are not.")

    @model_validator(mode="after")
    def _fitting_facet(self) -> Self:
        facet = self.facet
        if facet is None:
            return self
        if facet.form not in (
            forms := {"number": ("terms", "ranges", "histogram"), "date": ("histogram",)}.get(self.type, ("terms",))
        ):
            raise ValueError(f"a facet of a {self.type} is {' or '.join(forms)}, not {facet.form}")
        if facet.histogram and (facet.histogram in CALENDAR_INTERVALS) != (self.type == "date"):
            width = ", ".join(CALENDAR_INTERVALS) if self.type == "date" else "a number"
            raise ValueError(f"the histogram of a {self.type} is {width}, not {facet.histogram!r}")
        return self

    @property
    def ordered(self) -> bool:
        """Whether it is filtered by a range, and can be sorted by."""
        return self.type in ("number", "date")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The search parameters that filter by it."""
        name = f"filter_{self.name}"
        return tuple(f"{name}_{end}" for end in RANGE_ENDS) if self.ordered else (name,)

    @property
    def mistaken_parameters(self) -> tuple[str, ...]:
        """The search parameters that a field of another type would have."""
        name = f"filter_{self.name}"
        return (name,) if self.ordered else (*(f"{name}_{end}" for end in RANGE_ENDS), self.sort_parameter)

    @property
    def sort_parameter(self) -> str:
        """The search parameter that sorts by it, `asc` or `desc`."""
        return f"sort_{self.name}"


def repeated_parameters(fields: tuple[FilterField, ...]) -> Iterator[str]:
    """The search parameters that two of these fields have."""
    names = [name for field in fields for name in field.parameters]
    return (name for name in dict.fromkeys(names) if names.count(name) > 1)
