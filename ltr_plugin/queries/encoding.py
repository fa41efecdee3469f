"""Query vectors: a query's words and photo, encoded exactly as products are."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import MediaError

Photo = Path | str | bytes
"""A file, a URL, or the bytes of a photo."""


class QueryEncoder:
    """Encodes queries for an index with these vector fields. Encoders are loaded when first needed."""

    def __init__(self, vectors: Sequence[VectorField]) -> None:
        self.vectors = tuple(vectors)

    def encode(self, text: str | None = None, image: Photo | None = None) -> dict[str, list[float]]:
        """The query's vector by field name; a field whose modality the query lacks is absent.

        MediaError when the photo cannot be used; EncoderError when an encoder is not the one that filled the index.
        """
        return self.encode_many([(text, image)])[0]

    def encode_many(
        self,
        queries: Sequence[tuple[str | None, Photo | None]],
        *,
        on_bad_photo: Callable[[int, MediaError], None] | None = None,
    ) -> list[dict[str, list[float]]]:
        """`encode` for many (text, photo) pairs in large batches, in their order.

        With `on_bad_photo`, it hears the place and the reason, and that query goes on without its photo.
        """
        from workers.encoders import encoder_of

        found: list[dict[str, list[float]]] = [{} for _ in queries]
        items: dict[Modality, dict[int, Any]] = {
            "text": {place: text for place, (text, _) in enumerate(queries) if text},
            "image": dict(_opened([image for _, image in queries], on_bad_photo)),
        }
        for field in self.vectors:
            if asked := items.get(field.source):
                encoder = encoder_of(field)
                prepared = [encoder.prepare(field.source, item) for item in asked.values()]
                for place, vector in zip(asked, encoder.encode(field.source, prepared), strict=True):
                    found[place][field.name] = vector.tolist()
        return found


def _opened(
    photos: Sequence[Photo | None], on_bad_photo: Callable[[int, MediaError], None] | None
) -> Iterator[tuple[int, Any]]:
    for place, photo in enumerate(photos):
        if photo is None:
            continue
        try:
            yield place, _open(photo)
        except MediaError as error:
            if on_bad_photo is None:
                raise
            on_bad_photo(place, error)


def _open(photo: Photo) -> Any:  # noqa: ANN401 - a photo, as the encoders take it
    from workers.media.images import decode_image, open_image

    if isinstance(photo, bytes):
        return decode_image(photo)
    return open_image(Path(), photo) if isinstance(photo, str) else open_image(photo.parent, photo.name)
