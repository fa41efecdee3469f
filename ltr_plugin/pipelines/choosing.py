"""Which encoders an index gets: those it has, but for what is asked otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.indices import aliased, serving
from ltr_plugin.errors import InputError

NONE = "none"
"""Asks for no vectors of a modality."""


@dataclass(frozen=True)
class Encoders:
    """Encoders (`library:model`) asked for by modality. None: what the index has; NONE: no vectors of this modality."""

    text: str | None = None
    image: str | None = None
    audio: str | None = None
    video: tuple[str, ...] | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is asked for at all."""
        return self != Encoders()

    def vectors(self, known: Sequence[VectorField] | None) -> tuple[VectorField, ...]:
        """The fields for these encoders beside those of an index that has `known`; None: a new index.

        A new index gets the default encoder of text unless told otherwise. Where nothing is asked for, no encoder is
        loaded. EncoderError when one cannot be.
        """
        if known is not None and not self.asked:
            return tuple(known)
        from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields

        had = {field.name: field.encoder for field in known or ()}
        if known is None:
            had["text_vector"] = DEFAULT_TEXT_ENCODER
        films = tuple(dict.fromkeys(field.encoder for field in known or () if field.source == "video"))
        return vector_fields(
            _one(self.text, had.get("text_vector")),
            _one(self.image, had.get("image_vector")),
            _one(self.audio, had.get("audio_vector")),
            films if self.video is None else tuple(spec for spec in self.video if spec != NONE),
        )


def vectors_for(cluster: Cluster, alias: str, encoders: Encoders) -> tuple[VectorField, ...]:
    """The vector fields that an index, which may be there or not, is to have with these encoders.

    InputError where an earlier release made it and nothing is asked for: its encoders cannot be read.
    """
    current = serving(cluster, alias)
    if current is None and aliased(cluster, alias) and not encoders.asked:
        raise InputError(
            f"index {alias}", "an earlier release made it: name the encoders that it is to have from now on"
        )
    return encoders.vectors(current.vectors if current else None)


def _one(asked: str | None, had: str | None) -> str | None:
    return had if asked is None else None if asked == NONE else asked
