"""Queries turned into search parameters, many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.batches import batched
from ltr_plugin.catalog.media import is_url
from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.errors import InputError, MediaError, Problem
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.queries.encoding import Media
from ltr_plugin.queries.query import Query, read_queries


@dataclass(frozen=True)
class EncodedQuery:
    """A query with the parameters of its search."""

    query: Query
    params: dict[str, Json]


def encode_queries(
    index: Index, queries: Sequence[Query], folder: Path, *, vectors: Sequence[VectorField] | None = None
) -> list[EncodedQuery]:
    """Every query with its parameters, encoded by the index's own encoders; media are found beside `folder`.

    Only the encoders of `vectors` are loaded: by default those of all vector fields of the index.

    EncoderError when an encoder here is not the one that made the index; InputError naming every query whose photo,
    sound or video cannot be used.
    """
    from ltr_plugin.queries.encoding import QueryEncoder

    encoder = QueryEncoder(index.vectors if vectors is None else vectors)
    names = [vector.name for vector in index.vectors]
    encoded: list[EncodedQuery] = []
    mistakes: list[Problem] = []
    for group in batched(queries, 64):

        def refuse(position: int, modality: Modality, error: MediaError, group: Sequence[Query] = group) -> None:
            mistakes.append(Problem(f"query {group[position].id} $.{modality}", str(error)))

        vector_batches = encoder.encode_batch(
            [_media_by_modality(query, folder) for query in group], on_media_error=refuse
        )
        encoded += (
            EncodedQuery(query, search_parameters(query.text, query_vectors, names))
            for query, query_vectors in zip(group, vector_batches, strict=True)
        )
    if mistakes:
        raise InputError("queries", mistakes)
    return encoded


def encode_query_file(index: Index, path: Path) -> list[EncodedQuery]:
    """The queries of a file, with their parameters."""
    return encode_queries(index, read_queries(path), path.parent)


def _media_by_modality(query: Query, folder: Path) -> dict[Modality, Media | None]:
    media: dict[Modality, str | None] = {"image": query.image, "audio": query.audio, "video": query.video}
    return {"text": query.text, **{name: _resolve_reference(reference, folder) for name, reference in media.items()}}


def _resolve_reference(reference: str | None, folder: Path) -> Media | None:
    return reference if reference is None or is_url(reference) else folder / reference
