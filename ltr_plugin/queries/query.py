"""Queries, and the files that hold them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from ltr_plugin.catalog.references import MediaReference
from ltr_plugin.catalog.schema import LanguageCode
from ltr_plugin.catalog.values import Identifier, Text
from ltr_plugin.errors import InputError, Problem
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.validation import StrictModel, problems_of

INPUT_MODES = ("text", "image", "audio", "video", "mixed")
"""What a query consists of; `mixed` is more than one of the others."""


class Query(StrictModel):
    """A shopper's query: text, an image, audio, a video, or several of them. At least one is required.

    Media are URLs, or paths relative to the query file. `frequency` is how often the query is asked, in any unit;
    where all queries have it, reports compare frequent and rare queries. `language` is the code of one of the index's
    `languages`, by default the first. `pick` has the keys of nested fields that the search picks, such as
    `{"store": "berlin"}`.
    """

    id: Identifier
    text: Text | None = None
    image: MediaReference | None = None
    audio: MediaReference | None = None
    video: MediaReference | None = None
    language: LanguageCode | None = None
    frequency: Annotated[FiniteFloat, Field(gt=0)] | None = None
    pick: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)

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


def queries_of(qrels: Qrels) -> list[Query]:
    """A query for each text that the judgments name, in their order.

    InputError where they name queries by id alone, or have an id that no query can have.
    """
    if not qrels.texts:
        raise InputError("judgments", "name their queries by id, not by text; name a file of queries with --queries")
    made, problems = [], []
    for id_, text in qrels.texts.items():
        try:
            made.append(Query(id=id_, text=text))
        except ValidationError as error:
            problems += [
                Problem(f"query {text!r} {problem.location}", problem.message) for problem in problems_of(error)
            ]
    if problems:
        raise InputError("judgments", problems)
    return made


def typed_texts(queries: Iterable[Query]) -> dict[str, str | None]:
    """The text of each query by id, as `Qrels.joined` takes it: None where a query is more or other than text."""
    return {query.id: query.text if query.mode == "text" else None for query in queries}
