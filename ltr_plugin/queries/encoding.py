"""Query vectors: a query's words, photo, sound or video, encoded exactly as products are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import MediaError, NothingToEncodeError

Media = Path | str | bytes
"""A file, a URL, or the bytes of a photo, a sound or a video."""

QueryInputs = Mapping[Modality, "Media | None"]
"""What a query brings, by modality: a string for text, else media. None counts as absent."""

OnMediaError = Callable[[int, Modality, MediaError], None]
"""Hears of a query (by its place) whose medium cannot be used, and why."""


class QueryEncoder:
    """Encodes queries for an index with these vector fields. Encoders are loaded when first needed."""

    def __init__(self, vectors: Sequence[VectorField]) -> None:
        self.vectors = tuple(vectors)

    def encode(
        self,
        text: str | None = None,
        image: Media | None = None,
        audio: Media | None = None,
        video: Media | None = None,
    ) -> dict[str, list[float]]:
        """The query's vector by field name; a field whose modality the query lacks is absent.

        MediaError when a medium cannot be used; EncoderError when an encoder is not the one that filled the index.
        """
        return self.encode_batch([{"text": text, "image": image, "audio": audio, "video": video}])[0]

    def encode_batch(
        self, queries: Sequence[QueryInputs], *, on_media_error: OnMediaError | None = None
    ) -> list[dict[str, list[float]]]:
        """`encode` for many queries in large batches, in their order.

        With `on_media_error`, it hears the place and the reason, and that query goes on without its photo or sound.
        """
        from ltr_plugin.encoders import encoder_of

        found: list[dict[str, list[float]]] = [{} for _ in queries]
        opened: dict[Modality, dict[int, Any]] = {}
        for field in self.vectors:
            source = field.source
            if source not in opened:
                opened[source] = _opened(queries, source, on_media_error)
            if not opened[source]:
                continue
            encoder = encoder_of(field)
            prepared: dict[int, Any] = {}
            for position, item in opened[source].items():
                try:
                    prepared[position] = encoder.prepare(source, item)
                except NothingToEncodeError:
                    continue  # such as a video without a sound track has no vector in a space of sounds
                except MediaError as error:
                    if on_media_error is None:
                        raise
                    on_media_error(position, source, error)
            for position, vector in zip(prepared, encoder.encode(source, list(prepared.values())), strict=True):
                found[position][field.name] = vector.tolist()
        return found


def _opened(queries: Sequence[QueryInputs], source: Modality, on_media_error: OnMediaError | None) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for position, query in enumerate(queries):
        item = query.get(source)
        if not item and not isinstance(item, bytes):
            continue
        try:
            found[position] = item if source == "text" else _open(source, item)
        except MediaError as error:
            if on_media_error is None:
                raise
            on_media_error(position, source, error)
    return found


def _open(source: Modality, item: Media) -> Any:  # noqa: ANN401 - what the encoders take
    from ltr_plugin.media.openers import DECODERS, OPENERS

    if isinstance(item, bytes):
        return DECODERS[source](item)
    return OPENERS[source](Path(), item) if isinstance(item, str) else OPENERS[source](item.parent, item.name)
