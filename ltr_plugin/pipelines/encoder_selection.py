"""Which encoders an index gets: those it has, but for what is asked otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.versions import active_index, resolve_alias
from ltr_plugin.errors import InputError

NO_VECTORS = "none"
"""Asks for no vectors of a modality."""


@dataclass(frozen=True)
class EncoderSelection:
    """Encoders (`library:model`) asked for by modality. None: what the index has; NONE: no vectors of this modality."""

    text: str | None = None
    image: str | None = None
    audio: str | None = None
    video: tuple[str, ...] | None = None

    @property
    def requested(self) -> bool:
        """Whether anything is asked for at all."""
        return self != EncoderSelection()

    def vectors(self, existing: Sequence[VectorField] | None) -> tuple[VectorField, ...]:
        """The fields for these encoders beside those of an index that has `existing`; None: a new index.

        A new index gets the default encoder of text unless told otherwise. Where nothing is asked for, no encoder is
        loaded. EncoderError when one cannot be.
        """
        if existing is not None and not self.requested:
            return tuple(existing)
        from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields

        current = {field.name: field.encoder for field in existing or ()}
        if existing is None:
            current["text_vector"] = DEFAULT_TEXT_ENCODER
        videos = tuple(dict.fromkeys(field.encoder for field in existing or () if field.source == "video"))
        return vector_fields(
            _encoder_or_default(self.text, current.get("text_vector")),
            _encoder_or_default(self.image, current.get("image_vector")),
            _encoder_or_default(self.audio, current.get("audio_vector")),
            videos if self.video is None else tuple(spec for spec in self.video if spec != NO_VECTORS),
        )


def vector_fields_for(cluster: Cluster, alias: str, encoders: EncoderSelection) -> tuple[VectorField, ...]:
    """The vector fields that an index, which may be there or not, is to have with these encoders.

    InputError where an earlier release made it and nothing is asked for: its encoders cannot be read.
    """
    current = active_index(cluster, alias)
    if current is None and resolve_alias(cluster, alias) and not encoders.requested:
        raise InputError(
            f"index {alias}", "an earlier release made it: name the encoders that it is to have from now on"
        )
    return encoders.vectors(current.vectors if current else None)


def _encoder_or_default(requested: str | None, default: str | None) -> str | None:
    return default if requested is None else None if requested == NO_VECTORS else requested
