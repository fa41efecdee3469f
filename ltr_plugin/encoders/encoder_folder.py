"""Encoders in folders: which files must be there, the card that describes the encoder, and how a folder is replaced."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from ltr_plugin.errors import EncoderError, EncoderSpecError, InputError
from ltr_plugin.files import replace_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

CARD = "encoder.json"

RESTORE = "restore the folder, or make the encoder again"
"""What to do about a damaged file."""


def require_files(folder: Path, *files: str) -> None:
    """EncoderError when `folder` is no folder, or lacks one of these files."""
    if not folder.is_dir():
        raise EncoderSpecError(f"{str(folder)!r} is no folder of an encoder")
    if missing := [file for file in files if not (folder / file).is_file()]:
        raise EncoderError(f"encoder folder {str(folder)!r} lacks {' and '.join(missing)}")


def read_config(folder: Path, file: str) -> dict[str, Any]:
    """The JSON object in a file of the folder; EncoderError when it holds something else."""
    try:
        config = json.loads((folder / file).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EncoderError(f"{str(folder / file)!r} is damaged: {error}; {RESTORE}") from None
    if not isinstance(config, dict):
        raise EncoderError(f"{str(folder / file)!r} is damaged: it holds no JSON object; {RESTORE}")
    return config


def read_tensors(folder: Path, file: str) -> "dict[str, NDArray[Any]]":
    """The tensors in a safetensors file of the folder; EncoderError when it is damaged, or holds what is no number."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors: dict[str, NDArray[Any]] = load_file(folder / file)
    except (SafetensorError, ValueError) as error:
        raise EncoderError(f"{str(folder / file)!r} is damaged: {error}; {RESTORE}") from None
    if wrong := [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]:
        raise EncoderError(f"{str(folder / file)!r} is damaged: {wrong[0]!r} has values that are no numbers; {RESTORE}")
    return tensors


def read_card(folder: Path) -> dict[str, Any]:
    """The card in the folder: the encoder's name, origin and quality. Empty where there is none."""
    return read_config(folder, CARD) if (folder / CARD).is_file() else {}


def encoder_name(folder: Path) -> str:
    """The name that the encoder got when it was made, wherever its folder is now."""
    return str(read_card(folder).get("name") or folder.resolve().name)


def check_output_folder(folder: Path) -> None:
    """InputError when the folder cannot be written, or holds something other than an encoder.

    Only an encoder is ever replaced.
    """
    if folder.name in ("", ".."):
        raise InputError(str(folder), "cannot be replaced; name a folder for the encoder, such as runs/photos")
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        Path(mkdtemp(prefix=".", dir=parent)).rmdir()
    except OSError as error:
        message = f"cannot be made in {str(parent)!r}: {error.strerror}; choose another folder"
        raise InputError(str(folder), message) from None
    if folder.exists() and not (folder / CARD).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(str(folder), "is there already and holds no encoder; choose another folder")


def check_not_replaced(folder: Path, *specs: str) -> None:
    """InputError when a new encoder in `folder` would replace one of these, of which it is made."""
    for spec in specs:
        model = Path(spec.partition(":")[2])
        if model.exists() and model.resolve().is_relative_to(folder.resolve()):
            raise InputError(str(folder), f"holds {spec!r}, of which the new encoder is made; choose another folder")


@contextlib.contextmanager
def replace_encoder(folder: Path, card: dict[str, Any]) -> Iterator[Path]:
    """A new folder to write an encoder into; when the block ends, it replaces `folder`, with `card` in it.

    InputError as of `check_output_folder`.
    """
    check_output_folder(folder)
    with replace_folder(folder) as new:
        yield new
        (new / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
