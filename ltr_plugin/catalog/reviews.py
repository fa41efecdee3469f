"""What shoppers write of a product: reviews, each with a text, a rating, or both."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from ltr_plugin.catalog.values import Stat
from ltr_plugin.validation import StrictModel, shorten

MAX_REVIEWS = 1000
MAX_REVIEW_LENGTH = 10_000
"""Characters of the text of a review."""

MAX_SEARCHED_LENGTH = 100_000
"""Characters of all reviews of a product together that are searched for words; those after them are only kept."""

MAX_ENCODED_REVIEWS = 20
"""Reviews of a product that are encoded: the first ones that have a text."""


class Review(StrictModel):
    """A review of a product."""

    text: Annotated[str, Field(max_length=MAX_REVIEW_LENGTH)] = ""
    rating: Stat | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if not self.text and self.rating is None:
            raise ValueError("a review needs a text or a rating")
        return self


def _as_review(value: object) -> object:
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, Mapping | Review):
        return value
    raise ValueError(f"{shorten(value)} is no review; write a text, or an object with `text` and `rating`")


Reviews = Annotated[tuple[Annotated[Review, BeforeValidator(_as_review)], ...], Field(max_length=MAX_REVIEWS)]
"""The reviews of a product; a plain text is a review without a rating."""


def searched_text(reviews: Sequence[Review]) -> str:
    """The texts of reviews, of which words are found: one a line, the first MAX_SEARCHED_LENGTH characters."""
    return "\n".join(one.text for one in reviews if one.text)[:MAX_SEARCHED_LENGTH]


def encoded_texts(reviews: Sequence[Review]) -> tuple[str, ...]:
    """The texts of reviews that are encoded, each once, in order."""
    return tuple(dict.fromkeys(one.text for one in reviews if one.text))[:MAX_ENCODED_REVIEWS]


def mean_rating(reviews: Sequence[Review]) -> float | None:
    """The mean of the ratings; None without ratings."""
    ratings = [one.rating for one in reviews if one.rating is not None]
    return sum(ratings) / len(ratings) if ratings else None
