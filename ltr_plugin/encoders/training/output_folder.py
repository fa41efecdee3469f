"""The folder that a training leaves: written beside, then renamed, so that there is never half of one."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ltr_plugin.encoders.encoder_folder import CARD
from ltr_plugin.errors import InputError


def check_output_folder(folder: Path) -> None:
    """InputError when something else than an encoder is there: only an encoder is ever replaced."""
    if folder.exists() and not (folder / CARD).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(str(folder), "is there already and holds no encoder; choose another place")


@contextlib.contextmanager
def replace_folder(folder: Path, card: dict[str, Any]) -> Iterator[Path]:
    """A new folder to write an encoder into; when the block ends, it takes the old one's place, with `card` in it.

    InputError as `check_output_folder` raises it.
    """
    check_output_folder(folder)
    partial, before = (folder.with_name(f".{folder.name}.{state}") for state in ("partial", "before"))
    if before.exists() and not folder.exists():  # interrupted between the two names
        before.rename(folder)
    for left in (partial, before):
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    (partial / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    if folder.exists():
        folder.rename(before)
    partial.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def read_unfinished_card(out: Path) -> dict[str, Any]:
    """The card of an interrupted training, to go on with; InputError when there is none or it came to its end."""
    path = out / CARD
    if not path.is_file():
        raise InputError(str(out), "holds no encoder to go on with")
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if card.get("share", 1.0) >= 1:
        raise InputError(str(out), "was trained to its end; to train it further, start a new one from it")
    return card
