"""A shopper's query, as query files write it down."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from ltr_plugin.catalog.product import Identifier
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.validation import StrictModel

INPUT_MODES = ("typed", "photo", "sound", "video", "mixed")


class Query(StrictModel):
    """What a shopper asks with: words, photo, sound, video, or a mix. Media are paths beside the file, or URLs.

    `frequency` is how often it was asked, in any unit, where that is known: reports then tell head and tail apart.
    """

    id: Identifier
    text: str | None = None
    image: str | None = None
    audio: str | None = None
    video: str | None = None
    user: str | None = None
    frequency: Annotated[FiniteFloat, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _require_input(self) -> Self:
        if not (self.text or self.image or self.audio or self.video):
            raise ValueError("a query needs at least one of text, image, audio, video")
        return self

    @property
    def mode(self) -> str:
        """How it asks: one of MODES."""
        inputs = (self.text, self.image, self.audio, self.video, None)
        given_modes = [name for name, given in zip(INPUT_MODES, inputs, strict=True) if given]
        return given_modes[0] if len(given_modes) == 1 else INPUT_MODES[-1]


def read_queries(path: Path) -> list[Query]:
    """The queries of a JSON Lines file, in order; InputError with every mistake in it."""
    return list(JsonLines(path, Query).read())
