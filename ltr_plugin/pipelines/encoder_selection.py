"""Which encoders an index gets: those it has, unless others are requested."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ltr_plugin.catalog.languages import ENGLISH
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.analysis import languages_of
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import active_index, resolve_alias
from ltr_plugin.errors import EncoderError, InputError

NO_VECTORS = "none"
"""Requests no vectors of a modality."""


@dataclass(frozen=True)
class EncoderSelection:
    """Requested encoders (`library:model`) by modality, and that of reviews.

    None keeps what the index has, `none` makes no vectors.
    """

    text: str | None = None
    image: str | None = None
    audio: str | None = None
    video: tuple[str, ...] | None = None
    reviews: str | None = None

    @property
    def requested(self) -> bool:
        """Whether any encoder is requested."""
        return self != EncoderSelection()

    def vectors(
        self, existing: Sequence[VectorField] | None, languages: Iterable[str] = (ENGLISH,)
    ) -> tuple[VectorField, ...]:
        """The fields for these encoders and for those kept of the `existing` fields; None for a new index.

        A new index gets the default text encoder of its languages unless another is requested. Encoders are loaded only
        when some are requested or the index is new. EncoderError when one cannot be loaded.
        """
        if existing is not None and not self.requested:
            return tuple(existing)
        from ltr_plugin.encoders import vector_fields
        from ltr_plugin.encoders.field_encoders import REVIEW_VECTOR
        from ltr_plugin.encoders.registry import default_text_encoder

        current = {field.name: field.encoder for field in existing or ()}
        if existing is None:
            current["text_vector"] = default_text_encoder(languages)
        videos = tuple(dict.fromkeys(field.encoder for field in existing or () if field.source == "video"))
        try:
            return vector_fields(
                _encoder_or_default(self.text, current.get("text_vector")),
                _encoder_or_default(self.image, current.get("image_vector")),
                _encoder_or_default(self.audio, current.get("audio_vector")),
                videos if self.video is None else tuple(spec for spec in self.video if spec != NO_VECTORS),
                _encoder_or_default(self.reviews, current.get(REVIEW_VECTOR)),
            )
        except EncoderError as error:
            if existing is None and not self.requested:  # nobody asked for vectors: without the extra, go without
                hint = "or create the index without vectors: `ltr index create NAME --text-encoder none`"
                wanted = "" if set(languages) == {ENGLISH} else "; text in other languages needs a multilingual encoder"
                raise EncoderError(f"{error}{wanted}; name one with --text-encoder, {hint}") from None
            raise


def vector_fields_for(
    cluster: Cluster,
    alias: str,
    encoders: EncoderSelection,
    active: ManagedIndex | None = None,
    schema: CatalogSchema | None = None,
) -> tuple[VectorField, ...]:
    """The vector fields that an index, which may exist or not, is to have with these encoders.

    `active` is the index behind the alias, where it is open already; `schema` that of a new index. InputError where an
    earlier release made the index and no encoder is requested: the encoders it has cannot be read.
    """
    current = active or active_index(cluster, alias)
    if current is None and not encoders.requested and resolve_alias(cluster, alias):
        raise InputError(
            f"index {alias}", "an earlier release made it; name the encoders that it is to have from now on"
        )
    return encoders.vectors(current.vectors if current else None, languages_of(schema or CatalogSchema()))


def _encoder_or_default(requested: str | None, default: str | None) -> str | None:
    return default if requested is None else None if requested == NO_VECTORS else requested
