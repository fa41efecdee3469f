"""Encoders by their specification `library:model`, each loaded once in a process."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from ltr_plugin.catalog.product import Modality
from ltr_plugin.encoders import (
    aligned,
    bilstm,
    keypoints,
    nano_e5,
    onnx_runtime,
    openclip,
    sentence_transformer,
    timm_images,
    torchvision_video,
    word_vectors,
)
from ltr_plugin.encoders.audio import clap, mel_cnn, spectral
from ltr_plugin.encoders.entry_points import find_libraries, load_library, usable_libraries
from ltr_plugin.encoders.protocol import Encoder, Library
from ltr_plugin.encoders.remote import http_encoder
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder
from ltr_plugin.errors import EncoderError, EncoderSpecError, LtrError
from ltr_plugin.extras import require_module

DEFAULT_TEXT_ENCODER = f"{sentence_transformer.LIBRARY.name}:{sentence_transformer.BUNDLED}"
MULTILINGUAL_TEXT_ENCODER = f"{nano_e5.LIBRARY.name}:{nano_e5.LIBRARY.example}"
DEFAULT_PHOTO_ENCODER = f"{timm_images.LIBRARY.name}:{timm_images.BUNDLED}"

_loaded: dict[str, tuple[int, Encoder]] = {}
_lock = threading.RLock()  # reentrant: an encoder may load another one


def default_text_encoder(languages: Iterable[str]) -> str:
    """The text encoder of a new index: DEFAULT_TEXT_ENCODER, which knows English, or MULTILINGUAL_TEXT_ENCODER where
    any of its languages is another one."""
    return DEFAULT_TEXT_ENCODER if set(languages) == {"english"} else MULTILINGUAL_TEXT_ENCODER


def list_libraries() -> tuple[Library, ...]:
    """The libraries that encoders come from: ours, installed or not, then those of other packages.

    A package whose library cannot be used is logged and left out.
    """
    return (*_LIBRARIES.values(), *usable_libraries(frozenset(_LIBRARIES)))


def load_encoder(spec: str) -> Encoder:
    """The encoder of a specification `library:model`, kept in memory until its folder or file is written again.

    EncoderError when the library is unknown or not installed, or the model cannot be loaded.
    """
    _, model = _parse(spec)
    with _lock:
        modified, known = _modified_ns(model), _loaded.get(spec)
        if known and known[0] == modified:
            return known[1]
        encoder = load_full_precision(spec)
        if isinstance(encoder, TorchEncoder):
            encoder.prepare_for_inference()
        _loaded[spec] = modified, encoder
        return encoder


def load_encoder_for(modality: Modality, spec: str) -> Encoder:
    """As `load_encoder`; EncoderError, too, when the encoder does not encode this modality."""
    encoder = load_encoder(spec)
    if modality not in encoder.modalities:
        encoded = ", ".join(sorted(encoder.modalities))
        raise EncoderSpecError(f"encoder {spec!r} encodes {encoded}, not {modality}; choose another one for {modality}")
    return encoder


def load_full_precision(spec: str) -> Encoder:
    """The encoder of a specification, loaded anew, with its weights not rounded; errors as of `load_encoder`."""
    with loading(spec) as (library, model):
        return library.load(model)


@contextlib.contextmanager
def loading(spec: str) -> Iterator[tuple[Library, str]]:
    """The library and the model of a specification, to be loaded in the block, whose errors become EncoderError.

    EncoderError, too, when the library is unknown or not installed.
    """
    library, model = _parse(spec)
    require_module(library.module, f"encoder {spec!r}", error=EncoderError)
    try:
        yield library, model
    except LtrError:
        raise
    except Exception as error:  # a library may raise anything
        missing = Path(model).is_absolute() and not Path(model).exists()
        kind = EncoderSpecError if missing else EncoderError
        raise kind(
            f"encoder {spec!r} cannot be loaded: {_first_line(error)}; {library.name} takes {library.models}"
        ) from error


def resolve_spec(spec: str) -> str:
    """The specification with a local folder or file made absolute, so that workers find it wherever they run."""
    library, model = _parse(spec)
    return f"{library.name}:{Path(model).resolve()}" if Path(model).exists() else spec


def _parse(spec: str) -> tuple[Library, str]:
    name, _, model = spec.partition(":")
    others = find_libraries(frozenset(_LIBRARIES))
    if not model or (name not in _LIBRARIES and name not in others):
        known = ", ".join(f"{one}:MODEL" for one in (*_LIBRARIES, *others))
        raise EncoderSpecError(f"unknown encoder {spec!r}; write one of: {known} (see `ltr encoder list`)")
    return _LIBRARIES.get(name) or load_library(others[name]), model


def _modified_ns(model: str) -> int:
    path = Path(model)
    files = path.iterdir() if path.is_dir() else [path] if path.is_file() else []
    return max((file.stat().st_mtime_ns for file in files), default=0)


def _first_line(error: Exception) -> str:
    if isinstance(error, KeyError):  # whose text is the key alone
        return f"{error} is missing"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


_LIBRARIES: dict[str, Library] = {
    library.name: library
    for library in (
        sentence_transformer.LIBRARY,
        nano_e5.LIBRARY,
        timm_images.LIBRARY,
        openclip.LIBRARY,
        word_vectors.LIBRARY,
        bilstm.LIBRARY,
        onnx_runtime.LIBRARY,
        keypoints.LIBRARY,
        torchvision_video.LIBRARY,
        clap.LIBRARY,
        mel_cnn.library(load_encoder),
        aligned.library(load_encoder_for),
        spectral.LIBRARY,
        http_encoder.LIBRARY,
    )
}
