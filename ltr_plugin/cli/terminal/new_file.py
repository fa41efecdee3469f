"""Files that commands write only where there are none: what somebody has corrected in one is not lost."""

from pathlib import Path

from ltr_plugin.errors import InputError


def require_new(file: Path, option: str) -> None:
    """InputError about the option when there is a file of this name."""
    if file.exists():
        raise InputError(option, f"{file} exists already; name another file")


def write_new(file: Path, text: str, option: str) -> None:
    """Writes a file that there is not yet; InputError about the option when there is one, or it cannot be written."""
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise InputError(option, f"{file} exists already; name another file") from None
    except OSError as error:
        raise InputError(option, f"{file} cannot be written: {error.strerror or error}") from None
