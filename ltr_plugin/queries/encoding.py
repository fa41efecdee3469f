"""Query vectors: the text, image, audio or video of a query, encoded exactly as products are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField, query_fields
from ltr_plugin.errors import ItemsRefusedError, MediaError, NothingToEncodeError
from ltr_plugin.profile.index_profile import IndexProfile

Media = Path | str | bytes
"""The path, the URL or the bytes of an image, audio or video file."""

QueryInputs = Mapping[Modality, "Media | None"]
"""The inputs of a query by modality: a string for text, else media; None is absent."""

OnMediaError = Callable[[int, Modality, MediaError], None]
"""Called with the index of a query, the modality that cannot be used, and the reason."""


class QueryEncoder:
    """Encodes queries for an index, given by its profile or vector fields. Encoders are loaded when first needed."""

    def __init__(self, vectors: IndexProfile | Sequence[VectorField]) -> None:
        self.vectors = vectors.vectors if isinstance(vectors, IndexProfile) else tuple(vectors)

    def encode(
        self,
        text: str | None = None,
        image: Media | None = None,
        audio: Media | None = None,
        video: Media | None = None,
    ) -> dict[str, list[float]]:
        """The vectors of a query by parameter: the name of the field with `_` for dots.

        Each is a list of as many floats as its field has dimensions.
        A field is absent when the query lacks its modality. MediaError when a medium cannot be used; EncoderError when
        an encoder cannot be loaded, or is not the one that filled the index.
        """
        return self.encode_batch([{"text": text, "image": image, "audio": audio, "video": video}])[0]

    def encode_batch(
        self, queries: Sequence[QueryInputs], *, on_media_error: OnMediaError | None = None
    ) -> list[dict[str, list[float]]]:
        """The vectors of many queries, in order, encoded in large batches (see `encode`).

        With `on_media_error`, a medium that cannot be used is reported and left out, instead of a MediaError.
        """
        from ltr_plugin.encoders import encoder_of

        vectors: list[dict[str, list[float]]] = [{} for _ in queries]
        opened: dict[Modality, dict[int, Any]] = {}
        for field in query_fields(self.vectors):
            source = field.source
            if source not in opened:
                opened[source] = _opened(queries, source, on_media_error)
            if not opened[source]:
                continue
            encoder = encoder_of(field)
            prepared: dict[int, Any] = {}
            for position, item in opened[source].items():
                try:
                    prepared[position] = encoder.prepare_query(source, item)
                except NothingToEncodeError:
                    continue  # such as a video without sound, which has no vector in a space of audio
                except MediaError as error:
                    if on_media_error is None:
                        raise
                    on_media_error(position, source, error)
            positions = list(prepared)
            try:
                for part, encoded in encoder.encode_in_parts(source, list(prepared.values())):
                    for at, vector in zip(part, encoded, strict=True):
                        vectors[positions[at]][field.parameter] = vector.tolist()
            except ItemsRefusedError as refused:
                if on_media_error is None:
                    raise
                for at, reason in refused.reasons.items():
                    on_media_error(positions[at], source, MediaError(reason))
        return vectors


def _opened(queries: Sequence[QueryInputs], source: Modality, on_media_error: OnMediaError | None) -> dict[int, Any]:
    opened: dict[int, Any] = {}
    for position, query in enumerate(queries):
        item = query.get(source)
        if not item and not isinstance(item, bytes):
            continue
        try:
            opened[position] = item if source == "text" else _open(source, item)
        except MediaError as error:
            if on_media_error is None:
                raise
            on_media_error(position, source, error)
    return opened


def _open(source: Modality, item: Media) -> Any:  # noqa: ANN401 - what the encoders take
    from ltr_plugin.media.openers import DECODERS, OPENERS

    if isinstance(item, bytes):
        return DECODERS[source](item)
    return OPENERS[source](Path(), item) if isinstance(item, str) else OPENERS[source](item.parent, item.name)
