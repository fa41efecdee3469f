"""Which vector fields an index gets from the encoders chosen for it."""

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import EncoderError
from workers.encoders.protocol import Encoder
from workers.encoders.registry import load_encoder, settled


def vector_fields(text_encoder: str | None = None, image_encoder: str | None = None) -> tuple[VectorField, ...]:
    """The fields for these encoders: `text_vector`, `image_vector`, and `image_text_vector` in the photos' space.

    EncoderError when an encoder cannot be loaded or does not encode what it was chosen for.
    """
    chosen: dict[Modality, str | None] = {"text": text_encoder, "image": image_encoder}
    return tuple(field for modality, spec in chosen.items() if spec for field in _fields(modality, settled(spec)))


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
    if modality not in encoder.sources:
        can = ", ".join(sorted(encoder.sources))
        raise EncoderError(f"encoder {spec!r} encodes {can}, not {modality}; choose another one for {modality}")
    fields = [VectorField(f"{modality}_vector", modality, spec, encoder.fingerprint)]
    if modality != "text" and "text" in encoder.sources:
        fields.append(VectorField(f"{modality}_text_vector", "text", spec, encoder.fingerprint))
    return fields
