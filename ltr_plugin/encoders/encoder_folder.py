"""Encoders in folders: what must be in one, and the note of where it comes from and how good it is."""

import json
from pathlib import Path
from typing import Any

from ltr_plugin.errors import EncoderError

CARD = "encoder.json"


def require_files(folder: Path, *files: str) -> None:
    """EncoderError when it is no folder, or lacks one of these files."""
    if not folder.is_dir():
        raise EncoderError(f"{str(folder)!r} is no folder of an encoder")
    if missing := [file for file in files if not (folder / file).is_file()]:
        raise EncoderError(f"encoder folder {str(folder)!r} lacks {' and '.join(missing)}")


def read_card(folder: Path) -> dict[str, Any]:
    """The note in the folder; empty where there is none."""
    path = folder / CARD
    card: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return card


def encoder_name(folder: Path) -> str:
    """What the encoder was called when it was made, wherever its folder is now."""
    return str(read_card(folder).get("name") or folder.resolve().name)
