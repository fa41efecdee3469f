"""Encoders: each library is one file that exports a LIBRARY, listed in `registry.py`."""

from ltr_plugin.encoders.field_encoders import encoder_of, vector_fields
from ltr_plugin.encoders.protocol import Encoder, Library, Vectors
from ltr_plugin.encoders.registry import DEFAULT_TEXT_ENCODER, LIBRARIES, load_encoder, load_full_precision

__all__ = [
    "DEFAULT_TEXT_ENCODER",
    "LIBRARIES",
    "Encoder",
    "Library",
    "Vectors",
    "encoder_of",
    "load_encoder",
    "load_full_precision",
    "vector_fields",
]
