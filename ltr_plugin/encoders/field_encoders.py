"""Vector fields of an index: which ones the chosen encoders need, and which encoder a field has."""

from collections.abc import Sequence

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.encoders.protocol import Encoder
from ltr_plugin.encoders.registry import load_encoder, load_encoder_for, resolve_spec
from ltr_plugin.errors import EncoderError, EncoderSpecError

REVIEW_VECTOR = "review_text_vector"
"""The field of the vectors of reviews."""


def vector_fields(
    text: str | None = None,
    image: str | None = None,
    audio: str | None = None,
    video: Sequence[str] = (),
    reviews: str | None = None,
) -> tuple[VectorField, ...]:
    """The fields that an index needs for one encoder (`library:model`) of each modality of a product.

    `text_vector`, `image_vector` and `audio_vector` are made from that modality. A video may have several encoders: an
    image encoder gives `video_vector` from its frames, an audio encoder `soundtrack_vector`, any other one
    `motion_vector`. An encoder that also encodes text gives a field with the product's text in the same space, such as
    `image_text_vector`; images and videos that share an encoder share that field. `review_text_vector` is made of a
    product's reviews by an encoder of text. EncoderError when an encoder cannot
    be loaded, or does not encode the modality that it was chosen for.
    """
    chosen: list[tuple[Modality, str | None]] = [("text", text), ("image", image), ("audio", audio)]
    chosen += [("video", spec) for spec in video]
    fields: list[VectorField] = []
    for modality, spec in chosen:
        for field in _fields(modality, resolve_spec(spec)) if spec else ():
            if field.source == "text" != modality and any(_same_vectors(field, other) for other in fields):
                continue
            if others := [other.encoder for other in fields if other.name == field.name]:
                raise EncoderSpecError(f"{others[0]!r} and {spec!r} both make {field.name}; choose one of them")
            fields.append(field)
    if reviews:
        spec = resolve_spec(reviews)
        fingerprint = load_encoder_for("text", spec).fingerprint
        fields.append(VectorField(REVIEW_VECTOR, "text", spec, fingerprint, part="reviews"))
    return tuple(fields)


def encoder_of(field: VectorField) -> Encoder:
    """The field's encoder; EncoderError when its fingerprint here is not that of the vectors in the index."""
    encoder = load_encoder(field.encoder)
    if encoder.fingerprint != field.fingerprint:
        raise EncoderError(
            f"{field.name} holds vectors of {field.fingerprint}, but {field.encoder!r} is {encoder.fingerprint} here; "
            "restore the former, or index again with the latter"
        )
    return encoder


def _fields(modality: Modality, spec: str) -> list[VectorField]:
    encoder = load_encoder_for(modality, spec)
    name = f"{modality}_vector" if modality != "video" else _video_field(encoder)
    fields = [VectorField(name, modality, spec, encoder.fingerprint)]
    if modality != "text" and "text" in encoder.modalities:
        text_field = f"{name.removesuffix('_vector')}_text_vector"
        fields.append(VectorField(text_field, "text", spec, encoder.fingerprint))
    return fields


def _same_vectors(one: VectorField, other: VectorField) -> bool:
    return (one.source, one.fingerprint) == (other.source, other.fingerprint)


def _video_field(encoder: Encoder) -> str:
    """The field's name, after what the encoder reads of a video."""
    if "image" in encoder.modalities:
        return "video_vector"
    return "soundtrack_vector" if "audio" in encoder.modalities else "motion_vector"
