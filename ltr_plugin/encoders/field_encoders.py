"""Which vector fields an index gets from the encoders chosen for it."""

from collections.abc import Sequence

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.encoders.protocol import Encoder
from ltr_plugin.encoders.registry import load_encoder, resolve_spec
from ltr_plugin.errors import EncoderError


def vector_fields(
    text: str | None = None, image: str | None = None, audio: str | None = None, video: Sequence[str] = ()
) -> tuple[VectorField, ...]:
    """The fields for the encoders (`library:model`) that are chosen for each modality of a product.

    `text_vector`, `image_vector` and `audio_vector` are named after what they are made of. A video may have several
    encoders: one of photos gives `video_vector` from its frames, one of sounds `soundtrack_vector`, one of neither
    `motion_vector`. For each space that words can be put into, there is a field with the product's words in it, such as
    `image_text_vector`; where photos and videos share an encoder they share that field. EncoderError when an encoder
    cannot be loaded or does not encode what it was chosen for.
    """
    chosen: list[tuple[Modality, str | None]] = [("text", text), ("image", image), ("audio", audio)]
    chosen += [("video", one) for one in video]
    fields: list[VectorField] = []
    for modality, spec in chosen:
        for field in _fields(modality, resolve_spec(spec)) if spec else ():
            if field.source == "text" != modality and any(_same(field, one) for one in fields):
                continue
            if taken := [one.encoder for one in fields if one.name == field.name]:
                raise EncoderError(f"{taken[0]!r} and {spec!r} both make {field.name}; choose one of them")
            fields.append(field)
    return tuple(fields)


def encoder_of(field: VectorField) -> Encoder:
    """The field's encoder; EncoderError when the one found here is not the one whose vectors the index holds."""
    encoder = load_encoder(field.encoder)
    if encoder.fingerprint != field.fingerprint:
        raise EncoderError(
            f"{field.name} holds vectors of {field.fingerprint}, but {field.encoder!r} is {encoder.fingerprint} here; "
            "bring the former back, or index again with the latter"
        )
    return encoder


def _fields(modality: Modality, spec: str) -> list[VectorField]:
    encoder = load_encoder(spec)
    if modality not in encoder.modalities:
        can = ", ".join(sorted(encoder.modalities))
        raise EncoderError(f"encoder {spec!r} encodes {can}, not {modality}; choose another one for {modality}")
    name = f"{modality}_vector" if modality != "video" else _seen_in_video(encoder)
    fields = [VectorField(name, modality, spec, encoder.fingerprint)]
    if modality != "text" and "text" in encoder.modalities:
        text_field = f"{name.removesuffix('_vector')}_text_vector"
        fields.append(VectorField(text_field, "text", spec, encoder.fingerprint))
    return fields


def _same(one: VectorField, other: VectorField) -> bool:
    return (one.source, one.fingerprint) == (other.source, other.fingerprint)


def _seen_in_video(encoder: Encoder) -> str:
    """What such an encoder takes from a video, as the name of its field."""
    if "image" in encoder.modalities:
        return "video_vector"
    return "soundtrack_vector" if "audio" in encoder.modalities else "motion_vector"
