"""Credentials as variables and files state them, checked; no message quotes any part of a secret."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ltr_plugin.errors import InputError, Problem

MAX_FILE_BYTES = 64 << 10
"""Size of a file that can be a secret: a larger one is another file."""

_BETWEEN_ADDRESSES = re.compile(r"\s*,\s*(?=\w+://)")


def split_addresses(urls: str) -> list[str]:
    """The addresses of a list that is separated by commas. A comma in a password separates nothing."""
    return _BETWEEN_ADDRESSES.split(urls)


def user_in(url: str) -> tuple[str, str] | None:
    """User name and password in an address, None without a user name."""
    parts = urlsplit(url)
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def check_text(value: str) -> str:
    """A user name or password. ValueError for one that was surely copied with what is around it."""
    if value != value.strip():
        raise ValueError("begins or ends with a blank; remove it")
    if not value.isprintable():
        raise ValueError("has a line break or another control character; remove it")
    return value


def check_token(value: str) -> str:
    """An API key or token. ValueError for one that is none, or has the word before it that headers have."""
    if " " in value:
        raise ValueError("has a blank; write the key or token alone, without `ApiKey` or `Bearer`")
    if not value.isascii() or not value.isprintable():
        raise ValueError("has a character that no key or token has; copy it again")
    return value


def check_certificates(path: Path) -> Path:
    """A file of certificate authorities. ValueError when it cannot be read, or has none."""
    import ssl

    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"{path} has no certificate in PEM format") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    return path


def read_secrets(files: Mapping[str, str], stated: Mapping[str, str]) -> dict[str, str]:
    """The value of each variable from its file, which the variable `NAME_FILE` names.

    InputError lists the files that cannot be read, and the variables that are also `stated` themselves.
    """
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, path in files.items():
        try:
            if name in stated:
                raise ValueError(f"is set, and {name} is too; unset one of them")
            values[name] = _read(Path(path))
        except ValueError as error:
            problems.append(Problem(f"{name}_FILE", str(error)))
    if problems:
        raise InputError("environment", problems)
    return values


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe could be read only once
            raise ValueError(f"{path} is no file")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {MAX_FILE_BYTES >> 10} KB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # whose message quotes the content
        raise ValueError(f"{path} is not in UTF-8") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise ValueError(f"{path} is empty")
    return value
