"""Queries, and the files that hold them."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from ltr_plugin.catalog.references import MediaReference
from ltr_plugin.catalog.values import Identifier
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.validation import StrictModel

INPUT_MODES = ("text", "image", "audio", "video", "mixed")
"""What a query consists of; `mixed` is more than one of the others."""


class Query(StrictModel):
    """A shopper's query: text, an image, audio, a video, or several of them. At least one is required.

    Media are URLs, or paths relative to the query file. `frequency` is how often the query is asked, in any unit;
    where all queries have it, reports compare frequent and rare queries.
    """

    id: Identifier
    text: str | None = None
    image: MediaReference | None = None
    audio: MediaReference | None = None
    video: MediaReference | None = None
    frequency: Annotated[FiniteFloat, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _require_input(self) -> Self:
        if not (self.text or self.image or self.audio or self.video):
            raise ValueError("a query needs at least one of text, image, audio, video")
        return self

    @property
    def mode(self) -> str:
        """What the query consists of, one of INPUT_MODES."""
        modes = [mode for mode in INPUT_MODES[:-1] if getattr(self, mode)]
        return modes[0] if len(modes) == 1 else INPUT_MODES[-1]


def read_queries(path: Path | str) -> list[Query]:
    """The queries of a JSON Lines file, plain or gzip, in order: one JSON object with the fields of `Query` a line.

    InputError lists every invalid line, such as one with the id of an earlier line.
    """
    return list(JsonLines(Path(path), Query).read())
