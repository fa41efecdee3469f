"""Query vectors: a query's words, photo, sound or video, encoded exactly as products are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import MediaError, NothingToEncode

Media = Path | str | bytes
"""A file, a URL, or the bytes of a photo, a sound or a video."""

Items = Mapping[Modality, "Media | None"]
"""What a query brings, by modality: a string for text, else media. None counts as absent."""

Heard = Callable[[int, Modality, MediaError], None]
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
        return self.encode_many([{"text": text, "image": image, "audio": audio, "video": video}])[0]

    def encode_many(
        self, queries: Sequence[Items], *, on_bad_media: Heard | None = None
    ) -> list[dict[str, list[float]]]:
        """`encode` for many queries in large batches, in their order.

        With `on_bad_media`, it hears the place and the reason, and that query goes on without its photo or sound.
        """
        from ltr_plugin.encoders import encoder_of

        found: list[dict[str, list[float]]] = [{} for _ in queries]
        opened: dict[Modality, dict[int, Any]] = {}
        for field in self.vectors:
            source = field.source
            if source not in opened:
                opened[source] = _opened(queries, source, on_bad_media)
            if not opened[source]:
                continue
            encoder = encoder_of(field)
            prepared: dict[int, Any] = {}
            for place, item in opened[source].items():
                try:
                    prepared[place] = encoder.prepare(source, item)
                except NothingToEncode:
                    continue  # such as a video without a sound track has no vector in a space of sounds
                except MediaError as error:
                    if on_bad_media is None:
                        raise
                    on_bad_media(place, source, error)
            for place, vector in zip(prepared, encoder.encode(source, list(prepared.values())), strict=True):
                found[place][field.name] = vector.tolist()
        return found


def _opened(queries: Sequence[Items], source: Modality, on_bad_media: Heard | None) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for place, query in enumerate(queries):
        item = query.get(source)
        if not item and not isinstance(item, bytes):
            continue
        try:
            found[place] = item if source == "text" else _open(source, item)
        except MediaError as error:
            if on_bad_media is None:
                raise
            on_bad_media(place, source, error)
    return found


def _open(source: Modality, item: Media) -> Any:  # noqa: ANN401 - what the encoders take
    from ltr_plugin.media.openers import DECODERS, OPENERS

    if isinstance(item, bytes):
        return DECODERS[source](item)
    return OPENERS[source](Path(), item) if isinstance(item, str) else OPENERS[source](item.parent, item.name)
