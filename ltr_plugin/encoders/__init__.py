"""Encoders turn text, photos, audio and video into vectors; each library is one module with a `Library`.

`list_libraries` names the libraries. `load_encoder("LIBRARY:MODEL")` gives an `Encoder`, whose `prepare` and `encode`
make float32 vectors of unit length. `vector_fields` gives the fields that an index needs for the encoders chosen.

Another package adds a `Library` by an entry point of the group `ltr_plugin.encoders`.

Names are loaded when they are first used: importing this package loads neither NumPy nor PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ltr_plugin.catalog.vectors import Fingerprint
    from ltr_plugin.encoders.field_encoders import encoder_of, vector_fields
    from ltr_plugin.encoders.protocol import Encoder, Library, Vectors
    from ltr_plugin.encoders.registry import DEFAULT_TEXT_ENCODER, list_libraries, load_encoder

__all__ = [
    "DEFAULT_TEXT_ENCODER",
    "Encoder",
    "Fingerprint",
    "Library",
    "Vectors",
    "encoder_of",
    "list_libraries",
    "load_encoder",
    "vector_fields",
]

_MODULES = {
    "DEFAULT_TEXT_ENCODER": "registry",
    "Encoder": "protocol",
    "Fingerprint": "protocol",
    "Library": "protocol",
    "Vectors": "protocol",
    "encoder_of": "field_encoders",
    "list_libraries": "registry",
    "load_encoder": "registry",
    "vector_fields": "field_encoders",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
