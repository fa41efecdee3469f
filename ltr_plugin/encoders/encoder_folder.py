"""Encoders in folders: which files must be there, the card that describes the encoder, and how a folder is replaced."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ltr_plugin.errors import EncoderError, InputError
from ltr_plugin.files import replace_folder

CARD = "encoder.json"


def require_files(folder: Path, *files: str) -> None:
    """EncoderError when `folder` is no folder, or lacks one of these files."""
    if not folder.is_dir():
        raise EncoderError(f"{str(folder)!r} is no folder of an encoder")
    if missing := [file for file in files if not (folder / file).is_file()]:
        raise EncoderError(f"encoder folder {str(folder)!r} lacks {' and '.join(missing)}")


def read_card(folder: Path) -> dict[str, Any]:
    """The card in the folder: the encoder's name, origin and quality. Empty where there is none."""
    path = folder / CARD
    card: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return card


def encoder_name(folder: Path) -> str:
    """The name that the encoder got when it was made, wherever its folder is now."""
    return str(read_card(folder).get("name") or folder.resolve().name)


def check_output_folder(folder: Path) -> None:
    """InputError when the folder holds something other than an encoder: only an encoder is ever replaced."""
    if folder.exists() and not (folder / CARD).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(str(folder), "is there already and holds no encoder; choose another folder")


@contextlib.contextmanager
def replace_encoder(folder: Path, card: dict[str, Any]) -> Iterator[Path]:
    """A new folder to write an encoder into; when the block ends, it replaces `folder`, with `card` in it.

    InputError as of `check_output_folder`.
    """
    check_output_folder(folder)
    with replace_folder(folder) as new:
        yield new
        (new / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
