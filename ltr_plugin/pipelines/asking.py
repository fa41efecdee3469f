"""Queries turned into search parameters, many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.batches import batched
from ltr_plugin.catalog.media import is_url
from ltr_plugin.catalog.product import Modality
from ltr_plugin.cluster.answers import Json
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.errors import InputError, MediaError, Mistake
from ltr_plugin.features.parameters import parameters
from ltr_plugin.queries.encoding import Media
from ltr_plugin.queries.query import Query, read_queries


@dataclass(frozen=True)
class Asked:
    """A query with the parameters of its search."""

    query: Query
    params: dict[str, Json]


def ask_all(index: ProductIndex, queries: Sequence[Query], folder: Path) -> list[Asked]:
    """Every query with its parameters, encoded by the index's own encoders; media are found beside `folder`.

    EncoderError when an encoder here is not the one that made the index; InputError naming every query whose photo,
    sound or video cannot be used.
    """
    from ltr_plugin.queries.encoding import QueryEncoder

    encoder = QueryEncoder(index.vectors)
    names = [vector.name for vector in index.vectors]
    asked: list[Asked] = []
    wrong: list[Mistake] = []
    for group in batched(queries, 64):

        def refuse(place: int, modality: Modality, error: MediaError, group: Sequence[Query] = group) -> None:
            wrong.append(Mistake(f"query {group[place].id} $.{modality}", str(error)))

        vectors = encoder.encode_many([_items(query, folder) for query in group], on_bad_media=refuse)
        asked += (Asked(query, parameters(query.text, made, names)) for query, made in zip(group, vectors, strict=True))
    if wrong:
        raise InputError("queries", wrong)
    return asked


def ask_file(index: ProductIndex, path: Path) -> list[Asked]:
    """The queries of a file, with their parameters."""
    return ask_all(index, read_queries(path), path.parent)


def _items(query: Query, folder: Path) -> dict[Modality, Media | None]:
    media: dict[Modality, str | None] = {"image": query.image, "audio": query.audio, "video": query.video}
    return {"text": query.text, **{name: _found(reference, folder) for name, reference in media.items()}}


def _found(reference: str | None, folder: Path) -> Media | None:
    return reference if reference is None or is_url(reference) else folder / reference
