"""Which encoders an index gets: those it has, unless others are requested."""

from collections.abc import Sequence
from dataclasses import dataclass

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
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

    def vectors(self, existing: Sequence[VectorField] | None) -> tuple[VectorField, ...]:
        """The fields for these encoders and for those kept of the `existing` fields; None for a new index.

        A new index gets the default text encoder unless another is requested. Encoders are loaded only when some are
        requested or the index is new. EncoderError when one cannot be loaded.
        """
        if existing is not None and not self.requested:
            return tuple(existing)
        from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields
        from ltr_plugin.encoders.field_encoders import REVIEW_VECTOR

        current = {field.name: field.encoder for field in existing or ()}
        if existing is None:
            current["text_vector"] = DEFAULT_TEXT_ENCODER
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
                raise EncoderError(f"{error}; {hint}") from None
            raise


def vector_fields_for(
    cluster: Cluster, alias: str, encoders: EncoderSelection, active: ManagedIndex | None = None
) -> tuple[VectorField, ...]:
    """The vector fields that an index, which may exist or not, is to have with these encoders.

    `active` is the index behind the alias, where it is open already. InputError where an earlier release made the index
    and no encoder is requested: the encoders it has cannot be read.
    """
    current = active or active_index(cluster, alias)
    if current is None and not encoders.requested and resolve_alias(cluster, alias):
        raise InputError(
            f"index {alias}", "an earlier release made it; name the encoders that it is to have from now on"
        )
    return encoders.vectors(current.vectors if current else None)


def _encoder_or_default(requested: str | None, default: str | None) -> str | None:
    return default if requested is None else None if requested == NO_VECTORS else requested
